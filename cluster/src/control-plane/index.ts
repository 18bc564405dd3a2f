/** API server, store, controllers and scheduler, put together. */
export { apiServiceAddress, clusterDnsAddress, clusterDomain, nodePortRange, serviceCidr } from './addresses.ts';
export { type ControlPlane, listenHost, startControlPlane } from './control-plane.ts';
