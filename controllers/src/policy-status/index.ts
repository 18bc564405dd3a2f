/** Status of validating admission policies. */
export { startPolicyStatus } from './controller.ts';
