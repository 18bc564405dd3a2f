/** What the server says of itself: resources, version, health, metrics. */
export {
  type DiscoveredGroup,
  type DiscoveredRemote,
  type DiscoverySource,
  discoveryPaths,
  groupsOf,
} from './discovery.ts';
export { debugPages } from './debug-pages.ts';
export { type HealthCheck, healthPaths } from './health.ts';
export { indexPath } from './index-path.ts';
export { metricsPath } from './metrics-path.ts';
export { openIdPaths } from './openid.ts';
export { kubernetesVersion, versionInfo, versionPath } from './version.ts';
