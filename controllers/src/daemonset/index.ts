export { startDaemonSet } from './controller.ts';
