/** Requests that somebody else answers: kubelets, pods, services. */
export { createConnector } from './connector.ts';
export { type Destination, forward, forwardUpgrade, responseOf } from './forward.ts';
