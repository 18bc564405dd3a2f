/** Pods that do not tolerate their node's taints. */
export { startTaintEviction } from './controller.ts';
