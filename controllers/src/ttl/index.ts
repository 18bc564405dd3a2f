/** How long kubelets may cache. */
export { startTtl } from './controller.ts';
