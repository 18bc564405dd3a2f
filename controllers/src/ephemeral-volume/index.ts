/** Claims of pods' ephemeral volumes. */
export { startEphemeralVolume } from './controller.ts';
