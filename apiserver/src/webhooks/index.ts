/**
 * Calls to other programs over HTTP: those that the cluster's users run (admission, conversion), those outside of it that a
 * kubeconfig file names (audit, authentication, authorization), and issuers of tokens; and which endpoint of a Service is
 * called, for aggregated servers, too.
 */
export { AnswerError, type KubeconfigClient, openKubeconfigClient } from './kubeconfig-client.ts';
export { type Answer, DeadlineExceeded, exchange } from './exchange.ts';
export { ExpiringCache } from './expiring-cache.ts';
export { withRetries } from './retry.ts';
export { type EndpointReaders, resolveService, type ServiceTarget } from './service-endpoint.ts';
export {
  createWebhookClient,
  type WebhookClient,
  type WebhookClientConfig,
} from './webhook-client.ts';
