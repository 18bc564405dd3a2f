export { startTtlAfterFinished } from './controller.ts';
