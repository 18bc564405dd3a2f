import { field, invalid, textOfError } from '@coracle/apimachinery/errors';
import { parseConfig, followFile, readText } from '../../configfile/index.ts';
import type { MetricRegistry } from '../../metrics/index.ts';
import type { SecurityContext } from '../../options.ts';
import { openKubeconfigClient } from '../../webhooks/index.ts';
import { AbacAuthorizer } from '../abac/abac-authorizer.ts';
import { readPolicyFile } from '../abac/policy-file.ts';
import type { Authorizer } from '../authorizer.ts';
import { NodeAuthorizer } from '../node/node-authorizer.ts';
import { RbacAuthorizer } from '../rbac/rbac-authorizer.ts';
import { WebhookAuthorizer } from '../webhook/webhook-authorizer.ts';
import { alwaysAllowAuthorizer, alwaysDenyAuthorizer, mastersAuthorizer } from './always.ts';
import { authorizerChain } from './authorizer-chain.ts';
import {
  type AuthorizationConfiguration,
  authorizationConfigKind,
  type AuthorizerConfiguration,
  type AuthorizerType,
} from './configuration.ts';
import { type AuthorizationMetrics, counted, createAuthorizationMetrics } from './metrics.ts';
import { type AuthorizationOptions, configurationOfModes } from './options.ts';

export interface Authorization {
  readonly authorizer: Authorizer;
  /** Roles decide, so this server keeps those that every cluster begins with. */
  readonly usesRoles: boolean;
}

/** Everything that decides about requests, in the order of the configuration. Throws a StatusError that names file and field. */
export async function createAuthorization(
  security: SecurityContext,
  registry: MetricRegistry,
  options: AuthorizationOptions = {},
): Promise<Authorization> {
  const { environment, signal } = security;
  const metrics = createAuthorizationMetrics(registry, environment.clock);
  const { configFile: path } = options;
  if (path === undefined) {
    const configuration = configurationOfModes(options);
    const lasting = await createLasting(configuration, security, options.policyFile);
    const { chain } = await chainOf('--authorization-mode', configuration, { security, metrics, lasting });
    return { authorizer: chain, usesRoles: lasting.has('RBAC') };
  }
  const content = await readText(path);
  const first = parseConfig(path, content, authorizationConfigKind);
  const lasting = await createLasting(first, security, options.policyFile);
  const parts = { security, metrics, lasting };
  let current = await chainOf(path, first, parts);
  const apply = async (text: string): Promise<void> => {
    const configuration = parseConfig(path, text, authorizationConfigKind);
    checkSameTypes(path, configuration, lasting);
    const replaced = current;
    current = await chainOf(path, configuration, parts);
    environment.clock.after(webhookCallMsMax, () => replaced.close());
  };
  followFile(environment, { path, content, apply, onChange: metrics.onReload, signal });
  return {
    usesRoles: lasting.has('RBAC'),
    authorizer: {
      name: 'reloadable',
      authorize: (attributes) => current.chain.authorize(attributes),
      ready: async () => current.chain.ready?.(),
      rulesFor: (user, namespace) => current.chain.rulesFor(user, namespace),
    },
  };
}

/** A replaced webhook's connections are kept until the last question on them must have its answer: five attempts of 30 s and the pauses. */
const webhookCallMsMax = 180_000;

/** Authorizers that stay when the configuration changes. */
type Lasting = ReadonlyMap<AuthorizerType, Authorizer>;

async function createLasting(
  { authorizers = [] }: AuthorizationConfiguration,
  { readers, signal }: SecurityContext,
  policyFile: string | undefined,
): Promise<Lasting> {
  const lasting = new Map<AuthorizerType, Authorizer>();
  for (const { type } of authorizers) {
    if (type === 'Node') lasting.set(type, new NodeAuthorizer(readers, signal));
    if (type === 'RBAC') lasting.set(type, new RbacAuthorizer(readers, signal));
    if (type === 'ABAC') lasting.set(type, new AbacAuthorizer(await readPolicyFile(policyFile ?? '')));
    if (type === 'AlwaysAllow') lasting.set(type, alwaysAllowAuthorizer);
    if (type === 'AlwaysDeny') lasting.set(type, alwaysDenyAuthorizer);
  }
  return lasting;
}

/** A change may move webhooks only: who else decides is settled when the server starts. */
function checkSameTypes(path: string, { authorizers = [] }: AuthorizationConfiguration, lasting: Lasting): void {
  const types = new Set(authorizers.map(({ type }) => type));
  const missing = [...lasting.keys()].filter((type) => !types.has(type)).map((type) => `type ${type} is missing`);
  const added = [...types].filter((type) => type !== 'Webhook' && !lasting.has(type));
  const detail = 'was not there when the server started: a restart takes it';
  const errors = [
    ...missing.map((text) => field.required('authorizers', `${text}: a restart lets it go`)),
    ...added.map((type) => field.invalid('authorizers', type, detail)),
  ];
  if (errors.length > 0) throw invalid(kind, path, errors);
}

const kind = { group: 'apiserver.config.k8s.io', kind: authorizationConfigKind.kind };

interface ChainParts {
  readonly security: SecurityContext;
  readonly metrics: AuthorizationMetrics;
  readonly lasting: Lasting;
}

async function chainOf(path: string, { authorizers = [] }: AuthorizationConfiguration, parts: ChainParts) {
  const webhooks: WebhookAuthorizer[] = [];
  const made: Authorizer[] = [];
  for (const [index, each] of authorizers.entries()) {
    let authorizer = parts.lasting.get(each.type);
    if (authorizer === undefined) {
      const webhook = await openWebhook(path, index, each, parts);
      webhooks.push(webhook);
      authorizer = webhook;
    }
    made.push(counted(authorizer, each.type, parts.metrics));
  }
  return {
    chain: authorizerChain([mastersAuthorizer, ...made]),
    close: () => webhooks.forEach((each) => each.close()),
  };
}

async function openWebhook(
  path: string,
  index: number,
  { name, webhook }: AuthorizerConfiguration,
  { security, metrics }: ChainParts,
): Promise<WebhookAuthorizer> {
  const { environment, signal } = security;
  if (webhook === undefined) throw new Error(`${path}: no webhook`);
  const file = webhook.connectionInfo.kubeConfigFile ?? '';
  const client = await openKubeconfigClient(file, environment).catch((error: unknown) => {
    const at = `authorizers[${index}].webhook.connectionInfo.kubeConfigFile`;
    throw invalid(kind, path, [field.invalid(at, file, textOfError(error))]);
  });
  return new WebhookAuthorizer(name, webhook, { client, environment, metrics, signal });
}
