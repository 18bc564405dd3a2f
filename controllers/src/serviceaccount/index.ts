export { startServiceAccount } from './controller.ts';
