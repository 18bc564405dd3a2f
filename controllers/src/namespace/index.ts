export { startNamespace } from './controller.ts';
