import { oneOfErrors } from '../../resources/shared/field-rules.ts';
import { isAbsolute } from 'node:path';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import { parseDuration } from '@coracle/apimachinery/quantity';
import { dns1123Subdomain } from '@coracle/apimachinery/validation';
import { type ConfigKind, document, duration, flag, listOf, struct, text } from '../../configfile/index.ts';
import { checkMatchConditions, type MatchCondition } from '../webhook/match-conditions.ts';

/** `apiserver.config.k8s.io/v1` AuthorizationConfiguration. */
export interface AuthorizationConfiguration {
  /** In the order they are asked. */
  readonly authorizers?: readonly AuthorizerConfiguration[];
}

export interface AuthorizerConfiguration {
  readonly type: AuthorizerType;
  readonly name: string;
  /** Of type Webhook, and of no other. */
  readonly webhook?: WebhookConfiguration;
}

const authorizerTypes = ['ABAC', 'AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'] as const;
export type AuthorizerType = (typeof authorizerTypes)[number];

const reviewVersions = ['v1', 'v1beta1'] as const;
export type ReviewVersion = (typeof reviewVersions)[number];

export interface WebhookConfiguration {
  /** Go's duration; default 5m. */
  readonly authorizedTTL?: string;
  readonly cacheAuthorizedRequests?: boolean;
  /** Go's duration; default 30s. */
  readonly unauthorizedTTL?: string;
  readonly cacheUnauthorizedRequests?: boolean;
  /** Go's duration, at most 30s. */
  readonly timeout: string;
  readonly subjectAccessReviewVersion: ReviewVersion;
  readonly matchConditionSubjectAccessReviewVersion?: string;
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  readonly connectionInfo: { readonly type: string; readonly kubeConfigFile?: string };
  readonly matchConditions?: readonly MatchCondition[];
}

export const authorizedTtlDefault = '5m0s';
export const unauthorizedTtlDefault = '30s';
const timeoutMaxMs = 30_000;
const failurePolicies = ['Deny', 'NoOpinion'];

const webhookShape = struct('v1.WebhookConfiguration', {
  authorizedTTL: duration,
  cacheAuthorizedRequests: flag,
  unauthorizedTTL: duration,
  cacheUnauthorizedRequests: flag,
  timeout: duration,
  subjectAccessReviewVersion: text,
  matchConditionSubjectAccessReviewVersion: text,
  failurePolicy: text,
  connectionInfo: struct('v1.WebhookConnectionInfo', { type: text, kubeConfigFile: text }),
  matchConditions: listOf(struct('v1.WebhookMatchCondition', { expression: text })),
});

/** `--authorization-config` (k8s.io/apiserver pkg/apis/apiserver/v1, validation/validation.go). */
export const authorizationConfigKind: ConfigKind<AuthorizationConfiguration> = {
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
  kind: 'AuthorizationConfiguration',
  schema: document('v1.AuthorizationConfiguration', {
    authorizers: listOf(struct('v1.AuthorizerConfiguration', { type: text, name: text, webhook: webhookShape })),
  }),
  validate({ authorizers = [] }) {
    if (authorizers.length === 0)
      return [field.required('authorizers', 'at least one authorization mode must be defined')];
    const seen: Seen = { types: new Set(), names: new Set() };
    return authorizers.flatMap((each, index) => validateAuthorizer(each, `authorizers[${index}]`, seen));
  },
};

/** Names of all but webhooks are given. */
export const nameOfType = (type: AuthorizerType): string => type.toLowerCase();

interface Seen {
  readonly types: Set<string>;
  readonly names: Set<string>;
}

function validateAuthorizer({ type, name, webhook }: AuthorizerConfiguration, path: string, seen: Seen): FieldError[] {
  if (!type) return [field.required(`${path}.type`)];
  if (!authorizerTypes.includes(type)) return [field.notSupported(`${path}.type`, type, authorizerTypes)];
  if (type !== 'Webhook' && seen.types.has(type)) return [field.duplicate(`${path}.type`, type)];
  seen.types.add(type);
  const errors = validateName(type, name ?? '', `${path}.name`, seen);
  if (type === 'Webhook') {
    if (webhook === undefined) return [...errors, field.required(`${path}.webhook`, 'required when type=Webhook')];
    return [...errors, ...validateWebhook(webhook, `${path}.webhook`)];
  }
  if (webhook === undefined) return errors;
  return [...errors, field.invalid(`${path}.webhook`, 'non-null', 'may only be specified when type=Webhook')];
}

function validateName(type: AuthorizerType, name: string, path: string, { names }: Seen): FieldError[] {
  if (name === '') return [field.required(path)];
  if (names.has(name)) return [field.duplicate(path, name)];
  names.add(name);
  const problems = dns1123Subdomain(name);
  if (problems.length > 0) return [field.invalid(path, name, `authorizer name is invalid: ${problems.join(', ')}`)];
  const given = nameOfType(type);
  return type === 'Webhook' || name === given
    ? []
    : [field.invalid(path, name, `the name of type ${type} is ${given}`)];
}

function validateWebhook(webhook: WebhookConfiguration, path: string): FieldError[] {
  const { subjectAccessReviewVersion: version, failurePolicy, matchConditions = [] } = webhook;
  return [
    ...validateDurations(webhook, path),
    ...oneOfErrors(version, reviewVersions, `${path}.subjectAccessReviewVersion`),
    ...validateConditionVersion(webhook, `${path}.matchConditionSubjectAccessReviewVersion`),
    ...oneOfErrors(failurePolicy, failurePolicies, `${path}.failurePolicy`),
    ...validateConnection(webhook.connectionInfo ?? {}, `${path}.connectionInfo`),
    ...checkMatchConditions(matchConditions, `${path}.matchConditions`),
  ];
}

function validateDurations({ timeout, authorizedTTL, unauthorizedTTL }: WebhookConfiguration, path: string) {
  const errors: FieldError[] = [];
  const timeoutMs = timeout === undefined ? 0 : parseDuration(timeout);
  if (timeoutMs === 0) errors.push(field.required(`${path}.timeout`));
  else if (timeoutMs < 0 || timeoutMs > timeoutMaxMs)
    errors.push(field.invalid(`${path}.timeout`, timeout, 'must be > 0s and <= 30s'));
  for (const [name, ttl] of Object.entries({ authorizedTTL, unauthorizedTTL })) {
    if (ttl !== undefined && parseDuration(ttl) < 0) errors.push(field.invalid(`${path}.${name}`, ttl, 'must be > 0s'));
  }
  return errors;
}

function validateConditionVersion(webhook: WebhookConfiguration, path: string): FieldError[] {
  const { matchConditionSubjectAccessReviewVersion: version = '', matchConditions = [] } = webhook;
  if (version !== '') return version === 'v1' ? [] : [field.notSupported(path, version, ['v1'])];
  return matchConditions.length === 0 ? [] : [field.required(path, 'required if match conditions are specified')];
}

function validateConnection(connection: { type?: string; kubeConfigFile?: string }, path: string): FieldError[] {
  const { type, kubeConfigFile = '' } = connection;
  if (type === 'InClusterConfig') {
    // Upstream's type has it for aggregated servers; of kube-apiserver's own configuration it says the same.
    return [field.invalid(`${path}.type`, type, 'this server would ask itself: KubeConfigFile names somebody else')];
  }
  if (type !== 'KubeConfigFile') return oneOfErrors(type, ['KubeConfigFile'], `${path}.type`);
  if (kubeConfigFile === '') return [field.required(`${path}.kubeConfigFile`)];
  if (isAbsolute(kubeConfigFile)) return [];
  return [field.invalid(`${path}.kubeConfigFile`, kubeConfigFile, 'must be an absolute path')];
}
