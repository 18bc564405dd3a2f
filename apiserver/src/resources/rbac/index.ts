import type { Strategy } from '../shared/registry.ts';
import { clusterRoleBindingStrategy, roleBindingStrategy } from './bindings.ts';
import { clusterRoleStrategy, roleStrategy } from './roles.ts';

/** Kinds of the group `rbac.authorization.k8s.io`. */
export const strategies: readonly Strategy[] = [
  clusterRoleStrategy,
  clusterRoleBindingStrategy,
  roleStrategy,
  roleBindingStrategy,
];
