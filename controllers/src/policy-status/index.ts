export { startPolicyStatus } from './controller.ts';
