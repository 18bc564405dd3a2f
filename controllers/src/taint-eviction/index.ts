export { startTaintEviction } from './controller.ts';
export { tolerates } from './tolerations.ts';
