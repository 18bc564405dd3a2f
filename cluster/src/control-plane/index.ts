/** API server, store, controllers and scheduler, put together. */
export { type ControlPlane, type Connection, type Identity, startControlPlane } from './control-plane.ts';
export { apiServiceAddress, clusterDnsAddress, clusterDomain, serviceCidr } from './addresses.ts';
