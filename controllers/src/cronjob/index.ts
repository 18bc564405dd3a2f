export { startCronJob } from './controller.ts';
