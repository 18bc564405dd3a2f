/** Ranges of service addresses. */
export { startServiceCidr } from './controller.ts';
