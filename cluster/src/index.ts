/** The library door: a whole cluster in a test, in one call. */
export { type Cluster, type StartOptions, startCluster } from './start.ts';
export {
  type ClusterConfig,
  ConfigError,
  type FargateProfileConfig,
  type NodeGroupConfig,
} from './config/cluster-config.ts';
