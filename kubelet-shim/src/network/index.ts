/** The cluster’s network: addresses, links between machines, name server. */
export * from './ipv4.ts';
export { type NetworkPlan, planAt, planNetwork, readPlan, releasePlan } from './plan.ts';
export { closeFabric, type ConnectedMachine, type Fabric, openFabric } from './fabric.ts';
export { hostServicesTable, isLoopback, kubeletPort } from './host-rules.ts';
