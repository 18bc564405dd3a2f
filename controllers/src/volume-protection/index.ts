export { startAttributesClassProtection, startClaimProtection, startVolumeProtection } from './controller.ts';
