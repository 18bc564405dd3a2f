/** Rollouts of pod templates by way of ReplicaSets. Read reconcile.ts first. */
export { startDeployment } from './controller.ts';
