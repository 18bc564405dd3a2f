/** Cluster roles that are the sum of others. */
export { startClusterRoleAggregation } from './controller.ts';
