/** Claims, volumes and what binds, provisions and grows them. */
export { startPersistentVolumeBinder } from './controller.ts';
export { startVolumeExpander } from './expand.ts';
