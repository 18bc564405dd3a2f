/** Pods with names and volumes of their own. Read plan.ts first. */
export { startStatefulSet } from './controller.ts';
