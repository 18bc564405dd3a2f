export { startEphemeralVolume } from './controller.ts';
