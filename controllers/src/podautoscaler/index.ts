export { startHorizontalPodAutoscaler } from './controller.ts';
