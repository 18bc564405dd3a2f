/** Jobs at set times. */
export { startCronJob } from './controller.ts';
