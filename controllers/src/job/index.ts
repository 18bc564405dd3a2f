export { startJob } from './controller.ts';
export { isFinished } from './evaluate.ts';
