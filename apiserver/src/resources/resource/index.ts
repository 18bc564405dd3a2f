import type { Strategy } from '../shared/registry.ts';
import {
  deviceClassStrategy,
  deviceTaintRuleStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
  resourceSliceStrategy,
} from './strategies.ts';

/** Kinds of the group `resource.k8s.io`. */
export const strategies: readonly Strategy[] = [
  deviceClassStrategy,
  deviceTaintRuleStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
  resourceSliceStrategy,
];
