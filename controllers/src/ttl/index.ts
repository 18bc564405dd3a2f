export { startTtl } from './controller.ts';
