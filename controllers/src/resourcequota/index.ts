/** What namespaces use of their quotas. */
export { startResourceQuota } from './controller.ts';
