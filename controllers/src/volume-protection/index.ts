/** Claims, volumes and classes that are in use. */
export { startAttributesClassProtection, startClaimProtection, startVolumeProtection } from './controller.ts';
