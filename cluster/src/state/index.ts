export { type ClusterState, DataDirectory, processStart } from './data-directory.ts';
