export { startServiceCidr } from './controller.ts';
