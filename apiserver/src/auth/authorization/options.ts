import { formatDuration } from '@coracle/apimachinery/quantity';
import {
  type AuthorizationConfiguration,
  type AuthorizerType,
  nameOfType,
  type ReviewVersion,
} from './configuration.ts';

/** `--authorization-config` or `--authorization-mode` with what belongs to it; without any of them Node and RBAC. */
export interface AuthorizationOptions {
  /** AuthorizationConfiguration, followed; excludes `modes` and `webhook`. */
  readonly configFile?: string;
  /** `--authorization-mode`, in the order they are asked. */
  readonly modes?: readonly AuthorizerType[];
  /** `--authorization-policy-file`, for ABAC. */
  readonly policyFile?: string;
  /** `--authorization-webhook-…`, for the mode Webhook. */
  readonly webhook?: WebhookModeOptions;
}

export interface WebhookModeOptions {
  /** A kubeconfig that names the webhook. */
  readonly configFile: string;
  readonly version: ReviewVersion;
  /** How long an answer is kept; 0: not at all. */
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
}

/** As kubeadm sets a cluster up. */
const modesDefault: readonly AuthorizerType[] = ['Node', 'RBAC'];

/** What the flags say, as a configuration file would. */
export function configurationOfModes(options: AuthorizationOptions): AuthorizationConfiguration {
  const { modes = modesDefault, webhook } = options;
  return {
    authorizers: modes.map((type) => {
      if (type !== 'Webhook' || webhook === undefined) return { type, name: nameOfType(type) };
      const { configFile, version, authorizedTtlMs, unauthorizedTtlMs } = webhook;
      return {
        type,
        name: 'default',
        webhook: {
          authorizedTTL: formatDuration(authorizedTtlMs),
          cacheAuthorizedRequests: authorizedTtlMs !== 0,
          unauthorizedTTL: formatDuration(unauthorizedTtlMs),
          cacheUnauthorizedRequests: unauthorizedTtlMs !== 0,
          timeout: '30s',
          failurePolicy: 'NoOpinion',
          subjectAccessReviewVersion: version,
          connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: configFile },
        },
      };
    }),
  };
}
