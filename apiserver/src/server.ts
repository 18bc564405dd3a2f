import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { decodeMessage, encodeMessage, supportsProtobuf } from '@coracle/apimachinery/protobuf';
import type { GroupResource, GroupVersionKind } from '@coracle/apimachinery/schema';
import { builtinScheme, type Scheme } from '@coracle/apimachinery/scheme';
import { createAuthentication, createAuthorizers, ensureBootstrapPolicy } from './auth/index.ts';
import { buildChain } from './chain.ts';
import { CustomResources } from './customresources/index.ts';
import { auditFilter } from './filters/audit.ts';
import { authenticationFilter } from './filters/authentication.ts';
import { authorizationFilter, authorizerChain } from './filters/authorization.ts';
import { deadlineFilter } from './filters/deadline.ts';
import { errorToStatusFilter } from './filters/error-to-status.ts';
import { type RequestContext, Warnings } from './filters/filter.ts';
import { impersonationFilter } from './filters/impersonation.ts';
import { maxInFlight, priorityFilter } from './filters/priority.ts';
import { resolveRequestInfo } from './filters/request-info.ts';
import { responseHeadersFilter } from './filters/response-headers.ts';
import type { Expected } from './handlers/body.ts';
import type { Core } from './handlers/call.ts';
import { rootHandler } from './handlers/root.ts';
import type { ApiRequest, UserInfo } from './http/api-request.ts';
import {
  discoveryPaths,
  type DiscoverySource,
  groupsOf,
  type HealthCheck,
  healthPaths,
  kubernetesVersion,
  metricsPath,
  versionPath,
} from './discovery/index.ts';
import { startListener } from './http/listener.ts';
import { createRequestMetrics } from './metrics/index.ts';
import { openApiPaths } from './openapi/index.ts';
import type {
  AdmissionContext,
  ApiServer,
  ApiServerDependencies,
  ApiServerOptions,
  SecurityContext,
} from './options.ts';
import { admissionChain } from './registry/admission-chain.ts';
import { serveBuiltins } from './registry/serve.ts';
import { createResourceTable, type ResourceTable } from './registry/served-resource.ts';
import { createReaders } from './registry/stored-readers.ts';
import { createWriters } from './registry/stored-writers.ts';
import type { Strategy } from './registry/strategy.ts';
import { createObjectStores } from './storage/object-store/index.ts';

export type {
  AdmissionContext,
  ApiServer,
  ApiServerDependencies,
  ApiServerOptions,
  KubeletClientOptions,
  SecurityContext,
  ServiceAccountOptions,
} from './options.ts';

/** Largest request body, in bytes: upstream's limit. */
const bodyBytesMax = 3 * 1024 * 1024;
/** A watch without a time limit of its own ends after one to two times this long. */
const watchTimeoutMinMs = 1_800_000;

/** Puts a server together from its parts and starts it: the only place that knows all of them. */
export async function createApiServer(
  dependencies: ApiServerDependencies,
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const { environment, storage } = dependencies;
  const stopping = new AbortController();
  const scheme = builtinScheme();
  const stores = createObjectStores({ storage, environment });
  const resources = createResourceTable();
  const custom = new CustomResources({ scheme, stores, resources, environment });
  const strategies = [...(dependencies.strategies ?? []), custom.strategy as Strategy];
  resources.add(serveBuiltins({ scheme, stores, strategyOf: strategyTable(strategies) }));
  const readers = createReaders(resources, environment);
  const writers = createWriters(resources, readers, environment);

  const security: SecurityContext = { environment, options, readers, signal: stopping.signal };
  const authentication = createAuthentication(security);
  const authorizers = (dependencies.authorizers ?? createAuthorizers)(security);
  const authorizer = authorizerChain(authorizers);
  const admission: AdmissionContext = { ...security, writers, authorizer };
  const plugins = [...(dependencies.admission?.(admission) ?? []), ...(dependencies.extraAdmission?.(admission) ?? [])];
  const metrics = createRequestMetrics(environment.clock);
  const start = async (): Promise<void> => {
    await stores.ready();
    await custom.start(readers, writers, stopping.signal);
    if (dependencies.authorizers === undefined) await ensureBootstrapPolicy(writers, readers);
    await Promise.all(authorizers.map((each) => each.ready?.()));
  };
  const ready = start();
  const core: Core = {
    environment,
    resources,
    admission: admissionChain(plugins),
    authorizer,
    readers,
    writers,
    tokens: authentication.tokens,
    bodyBytesMax,
    watchTimeoutMinMs,
    ...bodyKinds(scheme),
  };
  const chain = buildChain(
    {
      metrics: metrics.filter,
      responseHeaders: responseHeadersFilter(environment),
      errorToStatus: errorToStatusFilter(environment.log),
      deadline: deadlineFilter(environment.clock),
      authentication: authenticationFilter(
        dependencies.authenticators?.(security) ?? authentication.authenticators,
        environment.log,
      ),
      audit: auditFilter(undefined),
      impersonation: impersonationFilter(authorizer),
      priority: priorityFilter(maxInFlight()),
      authorization: authorizationFilter(authorizer),
    },
    rootHandler(core, [
      discoveryPaths(discoverySource(scheme, resources), () => advertisedAddress(options)),
      openApiPaths({
        scheme,
        generation: () => resources.generation,
        resources: () => resources.all(),
        definitions: () => custom.served(),
        version: `v${kubernetesVersion}`,
      }),
      versionPath,
      healthPaths(healthChecks(ready)),
      metricsPath(metrics.registry),
    ]),
  );
  const handle = (request: ApiRequest) => chain(contextOf(request));
  const listener = options.listen === undefined ? undefined : await startListener(options.listen, handle);
  let stopped: Promise<void> | undefined;
  return {
    handle,
    url: listener === undefined ? undefined : `https://${listener.host}:${listener.port}`,
    port: listener?.port,
    ready: () => ready,
    stop: () =>
      (stopped ??= (async () => {
        stopping.abort(new Error('the server is shutting down'));
        await listener?.stop();
        await stores.close();
      })()),
  };
}

function discoverySource(scheme: Scheme, resources: ResourceTable): DiscoverySource {
  const order = scheme.groups().map(({ group }) => group);
  const rows = function* () {
    for (const served of resources.all()) yield served.row;
  };
  return {
    get generation() {
      return resources.generation;
    },
    groups: () => groupsOf(rows(), order),
  };
}

function advertisedAddress({ advertise, listen }: ApiServerOptions): string {
  return `${advertise?.address ?? listen?.host ?? '127.0.0.1'}:${advertise?.port ?? listen?.port ?? 443}`;
}

function healthChecks(ready: Promise<void>): HealthCheck[] {
  let started = false;
  ready.then(
    () => (started = true),
    () => {},
  );
  const all = ['healthz', 'livez', 'readyz'] as const;
  return [
    { name: 'ping', endpoints: all, check: () => {} },
    {
      name: 'informer-sync',
      endpoints: ['readyz'],
      check: () => {
        if (!started) throw new Error('the caches are still being filled');
      },
    },
  ];
}

const nobody: UserInfo = { username: '', groups: [], extra: {} };

function contextOf(request: ApiRequest): RequestContext {
  return {
    request,
    info: resolveRequestInfo(request),
    user: nobody,
    signal: request.signal,
    warnings: new Warnings(),
    auditId: '',
    annotations: new Map(),
  };
}

function strategyTable(strategies: readonly Strategy[]): (resource: GroupResource) => Strategy {
  const table = new Map(strategies.map((strategy) => [keyOf(strategy.resource), strategy]));
  return (resource) => table.get(keyOf(resource)) ?? { resource };
}

function keyOf({ group, resource }: GroupResource): string {
  return `${resource}.${group}`;
}

/** Bodies of kinds that are not the resource's own: delete options, views, actions. */
function bodyKinds(scheme: Scheme): Pick<Core, 'deleteOptions' | 'expectedOfKind' | 'codecOfObject'> {
  const expectedOfKind = (kind: GroupVersionKind): Expected | undefined => {
    const schema = scheme.schemaOfKind(kind);
    if (schema === undefined) return undefined;
    const decode = (message: Uint8Array) => decodeMessage(message, schema) as KubernetesObject;
    return { kind, schema, decodeMessage: supportsProtobuf(schema) ? decode : undefined };
  };
  const deleteOptions = expectedOfKind({ group: '', version: 'v1', kind: 'DeleteOptions' });
  if (deleteOptions === undefined) throw new Error('the generated tables have no DeleteOptions: generate them again');
  return {
    deleteOptions,
    expectedOfKind,
    codecOfObject(object) {
      const schema = scheme.schemaOfObject(object);
      return schema !== undefined && supportsProtobuf(schema)
        ? { encode: (message) => encodeMessage(message, schema) }
        : undefined;
    },
  };
}
