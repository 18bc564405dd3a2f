/** Finished jobs whose time is over. */
export { startTtlAfterFinished } from './controller.ts';
