export { startClusterRoleAggregation } from './controller.ts';
