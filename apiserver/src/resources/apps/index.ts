import type { Strategy } from '../shared/registry.ts';
import { controllerRevisionStrategy } from './controllerrevision/strategy.ts';
import { daemonSetStrategy } from './daemonset/strategy.ts';
import { deploymentStrategy } from './deployment/strategy.ts';
import { replicaSetStrategy } from './replicaset/strategy.ts';
import { statefulSetStrategy } from './statefulset/strategy.ts';

/** Kinds of the group `apps`. */
export const strategies: readonly Strategy[] = [
  controllerRevisionStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
];
