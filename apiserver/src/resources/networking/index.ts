import type { Strategy } from '../shared/registry.ts';
import { ingressStrategy } from './ingress/strategy.ts';
import { ingressClassStrategy } from './ingressclass/strategy.ts';
import { ipAddressStrategy } from './ipaddress/strategy.ts';
import { networkPolicyStrategy } from './networkpolicy/strategy.ts';
import { serviceCidrStrategy } from './servicecidr/strategy.ts';

/** Kinds of the group `networking.k8s.io`. */
export const strategies: readonly Strategy[] = [
  ingressStrategy,
  ingressClassStrategy,
  ipAddressStrategy,
  networkPolicyStrategy,
  serviceCidrStrategy,
];
