/** Sizes that follow metrics. */
export { startHorizontalPodAutoscaler } from './controller.ts';
