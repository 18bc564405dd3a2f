/** Deletion of namespaces. */
export { startNamespace } from './controller.ts';
