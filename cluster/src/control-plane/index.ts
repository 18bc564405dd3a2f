/** API server, store, controllers and scheduler, put together. */
export { apiServiceAddress, clusterDnsAddress, clusterDomain, nodePortRange, serviceCidr } from './addresses.ts';
export {
  type ApiServerParts,
  type ControlPlane,
  listenHost,
  startApiServer,
  startControlPlane,
} from './control-plane.ts';
