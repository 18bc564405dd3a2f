export { startDisruption } from './controller.ts';
