/** Pods that run to completion. Read evaluate.ts, plan-pods.ts and track-status.ts in this order. */
export { startJob } from './controller.ts';
export { isFinished } from './evaluate.ts';
