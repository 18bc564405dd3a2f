export { startResourceQuota } from './controller.ts';
