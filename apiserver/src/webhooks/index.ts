/** Calls to programs that the cluster's users run beside the API server: admission and conversion. */
export { type EndpointReaders, resolveService, type ServiceTarget } from './service-endpoint.ts';
export {
  createWebhookClient,
  type WebhookCall,
  type WebhookClient,
  type WebhookClientConfig,
} from './webhook-client.ts';
