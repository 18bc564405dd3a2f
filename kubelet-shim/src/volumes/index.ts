export { noVolumes } from './no-volumes.ts';
export { createVolumeManager, type VolumeManager, type VolumeManagerDependencies } from './volume-manager.ts';
