/** What pods mount: prepared before their containers start, kept up to date while they run, removed after them. */
export { noVolumes } from './no-volumes.ts';
export {
  createVolumeManager,
  emptyDirPath,
  type VolumeManager,
  type VolumeManagerDependencies,
} from './volume-manager.ts';
