export { type ClusterPools, type ClusterState, DataDirectory, processStart } from './data-directory.ts';
