export { startClaimProtection, startVolumeProtection } from './controller.ts';
