/**
 * Calls to programs that the cluster's users run beside the API server: admission and conversion; and to
 * those outside of it that a kubeconfig file names: audit, authentication and authorization.
 */
export { AnswerError, type KubeconfigClient, openKubeconfigClient } from './kubeconfig-client.ts';
export { type Answer, exchange } from './exchange.ts';
export { ExpiringCache } from './expiring-cache.ts';
export { withRetries } from './retry.ts';
export { type EndpointReaders, resolveService, type ServiceTarget } from './service-endpoint.ts';
export {
  createWebhookClient,
  type WebhookCall,
  type WebhookClient,
  type WebhookClientConfig,
} from './webhook-client.ts';
