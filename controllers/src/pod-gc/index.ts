/** Pods that nobody else would delete. */
export { startPodGc } from './controller.ts';
