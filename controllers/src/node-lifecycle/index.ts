/** Health of nodes: leases and heartbeats in, conditions and taints out. */
export { startNodeLifecycle } from './controller.ts';
