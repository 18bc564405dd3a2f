export { startStatefulSet } from './controller.ts';
