/** A pod on every node that should have one. */
export { startDaemonSet } from './controller.ts';
