/** The default service account of every namespace. */
export { startServiceAccount } from './controller.ts';
