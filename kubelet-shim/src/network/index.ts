/** The cluster's network: addresses, bridge, name server, node ports. */
export * from './ipv4.ts';
export { type NetworkPlan, planNetwork } from './plan.ts';
