import type { GroupResource } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { createAdmission } from './admission/index.ts';
import { Aggregation, apiServiceStrategy, syncLocalServices } from './aggregation/index.ts';
import { createAudit } from './audit/index.ts';
import {
  authorizerChain,
  createAuthentication,
  createAuthorization,
  ensureBootstrapPolicy,
  identityHeaderRemover,
  readRequestHeaderConfig,
  type RequestHeaderConfig,
} from './auth/index.ts';
import { buildChain } from './chain.ts';
import { createConnector } from './connect/index.ts';
import { CustomResources } from './customresources/index.ts';
import { auditFailedAuthentication, auditFilter } from './filters/audit.ts';
import { authenticationFilter } from './filters/authentication.ts';
import { authorizationFilter } from './filters/authorization.ts';
import { deadlineFilter } from './filters/deadline.ts';
import { errorToStatusFilter } from './filters/error-to-status.ts';
import { AuditAnnotations, type RequestContext, Warnings } from './filters/filter.ts';
import { impersonationFilter } from './filters/impersonation.ts';
import { priorityFilter } from './filters/priority.ts';
import { resolveRequestInfo } from './filters/request-info.ts';
import { responseHeadersFilter } from './filters/response-headers.ts';
import { bodyKinds } from './handlers/body-kinds.ts';
import { flowControlDumps, PriorityAndFairness, startFlowControl } from './flowcontrol/index.ts';
import type { Core } from './handlers/call.ts';
import { rootHandler } from './handlers/root.ts';
import type { ApiRequest, UserInfo } from './http/api-request.ts';
import {
  debugPages,
  discoveryPaths,
  type DiscoverySource,
  groupsOf,
  type HealthCheck,
  healthPaths,
  indexPath,
  kubernetesVersion,
  metricsPath,
  openIdPaths,
  versionInfo,
  versionPath,
} from './discovery/index.ts';
import { type ListenOptions, startListener } from './http/listener.ts';
import { createAccessMetrics, createRequestMetrics, describeProcess, describeStored } from './metrics/index.ts';
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
import { createResourceTable, type ServedResource } from './registry/served-resource.ts';
import { createReaders } from './registry/stored-readers.ts';
import { createWriters } from './registry/stored-writers.ts';
import type { Strategy } from './registry/strategy.ts';
import { builtinStrategies } from './resources/index.ts';
import { encryptStorage } from './storage/encryption/index.ts';
import { createObjectStores } from './storage/object-store/index.ts';
import { cleanUpLeases, ensureSystemObjects, ownRequests, type SystemOptions } from './system/index.ts';
import { createWebhookClient } from './webhooks/index.ts';

export type {
  AccessOptions,
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

/** Requests at once, upstream's figures. */
const maxRequestsInflight = 400;
const maxMutatingRequestsInflight = 200;

const defaultServiceCidrs = ['10.96.0.0/12'];
const defaultNodePorts = { first: 30_000, last: 32_767 };

/** Puts a server together from its parts and starts it. Nothing of it goes on where that fails. */
export async function createApiServer(
  dependencies: ApiServerDependencies,
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const stopping = new AbortController();
  try {
    return await assemble(dependencies, options, stopping);
  } catch (error) {
    stopping.abort(error);
    throw error;
  }
}

/** The only place that knows all parts. `stopping` ends what they do beside requests. */
async function assemble(
  dependencies: ApiServerDependencies,
  options: ApiServerOptions,
  stopping: AbortController,
): Promise<ApiServer> {
  const { environment } = dependencies;
  const scheme = builtinScheme();
  const storage =
    options.encryption === undefined
      ? dependencies.storage
      : await encryptStorage(dependencies.storage, options.encryption, {
          rows: scheme.rows(),
          environment,
          signal: stopping.signal,
        });
  const stores = createObjectStores({ storage, environment });
  const resources = createResourceTable();
  const readers = createReaders(resources, environment);
  const writers = createWriters(resources, readers, environment);
  const security: SecurityContext = { environment, options, readers, signal: stopping.signal };
  const metrics = createRequestMetrics(environment.clock, resources);
  const access = createAccessMetrics(metrics.registry, environment.clock);
  describeProcess(metrics.registry, environment.clock, versionInfo);
  describeStored(metrics.registry, () => resources.all());
  const requestHeader = await readRequestHeaderConfig(options, environment.log);
  const authentication = await createAuthentication(security, metrics.registry, requestHeader);
  const connector = createConnector(options.kubeletClient);
  const webhooks = createWebhookClient(readers, environment);
  const custom = new CustomResources({ scheme, stores, resources, environment, webhooks, random: environment.random });
  const network = {
    serviceCidrs: options.serviceCidrs ?? defaultServiceCidrs,
    nodePortRange: options.nodePortRange ?? defaultNodePorts,
  };
  const { issueToken } = authentication;
  const strategies =
    dependencies.strategies ??
    builtinStrategies({ ...network, connector, ...(issueToken === undefined ? {} : { issueToken }) });
  const strategyOf = strategyTable([...strategies, custom.strategy as Strategy, apiServiceStrategy as Strategy]);
  const aggregation = new Aggregation({
    environment,
    readers,
    writers,
    metrics: metrics.registry,
    identity: options.frontProxy?.client,
  });
  resources.add(serveBuiltins({ scheme, stores, strategyOf }));

  const { authorizer, usesRoles } =
    dependencies.authorizers === undefined
      ? await createAuthorization(security, metrics.registry, options.authorization)
      : { authorizer: authorizerChain(dependencies.authorizers(security)), usesRoles: false };
  const admission: AdmissionContext = { ...security, writers, authorizer };
  const extra = dependencies.extraAdmission?.(admission) ?? [];
  const plugins =
    dependencies.admission === undefined
      ? createAdmission(admission, extra)
      : [...dependencies.admission(admission), ...extra];
  const order = scheme.groups().map(({ group }) => group);
  const rows = () => [...resources.all()].map((served) => served.row);
  const discovery: DiscoverySource = {
    get generation() {
      return resources.generation + aggregation.generation;
    },
    groups: () => groupsOf(rows(), order, aggregation.discovered()),
  };
  const syncServices = () =>
    syncLocalServices(groupsOf(rows(), order), new Set(order), { readers, writers }, environment.clock.now());
  const flowControl = new PriorityAndFairness({
    environment,
    metrics: metrics.registry,
    serverSeats:
      (options.maxRequestsInflight ?? maxRequestsInflight) +
      (options.maxMutatingRequestsInflight ?? maxMutatingRequestsInflight),
    statistics: (group, resource) => statisticsOf(resources.ofGroupResource({ group, resource })),
  });
  const audit = options.audit && (await createAudit(options.audit, { environment, metrics: metrics.registry }));
  const start = async (): Promise<void> => {
    await stores.ready();
    await custom.start(readers, writers, stopping.signal);
    await ensureSystemObjects(
      writers,
      readers,
      systemOptions(options, requestHeader, network.serviceCidrs, listener?.port),
    );
    if (usesRoles) await ensureBootstrapPolicy(writers, readers);
    await syncServices();
    resources.onChange(
      () => void syncServices().catch((error: unknown) => environment.log.error('API services', { error })),
    );
    await aggregation.start(stopping.signal);
    await startFlowControl(flowControl, { environment, readers, send: ownRequests(handle) }, stopping.signal);
    await authorizer.ready?.();
    void cleanUpLeases({ environment, readers, writers }, stopping.signal);
  };
  let started = false;
  const health: HealthCheck[] = [
    { name: 'ping', endpoints: ['healthz', 'livez', 'readyz'], check: () => {} },
    { name: 'poststarthook/system-objects', endpoints: ['healthz', 'readyz'], check: () => requireStarted(started) },
  ];
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
      authentication: authenticationFilter({
        authenticators: dependencies.authenticators?.(security) ?? authentication.authenticators,
        log: environment.log,
        metrics: access,
        onRefused: auditFailedAuthentication(audit),
        strip: requestHeader && identityHeaderRemover(requestHeader),
      }),
      audit: auditFilter(audit),
      impersonation: impersonationFilter(authorizer),
      priority: priorityFilter(flowControl, environment.clock),
      authorization: authorizationFilter(authorizer, access),
    },
    rootHandler(core, aggregation.handle, [
      discoveryPaths(discovery, () => advertisedAddress(options, listener?.port)),
      openApiPaths(
        {
          scheme,
          generation: () => discovery.generation,
          remotes: () => aggregation.documentation(),
          resources: () => resources.all(),
          definitions: () => custom.served(),
          version: kubernetesVersion.replace(/\.\d+$/, ''),
        },
        environment.clock,
      ),
      versionPath,
      openIdPaths(authentication.keys),
      healthPaths(health),
      indexPath(discovery, health),
      flowControlDumps(flowControl.configuration, () => environment.clock.now() - environment.clock.monotonic()),
      metricsPath(metrics.registry),
      debugPages(environment.clock, options.flags ?? {}),
    ]),
  );
  const handle = (request: ApiRequest) => chain(contextOf(request));
  const listener =
    options.listen && (await startListener(listenOptions(options.listen, requestHeader), handle, environment.clock));
  const ready = start().then(() => {
    started = true;
  });
  // Whoever waits is told; nobody waiting is no reason to bring the process down.
  ready.catch(() => {});
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
        await connector.stop();
        webhooks.close();
        await audit?.stop();
        await stores.close();
      })()),
  };
}

function advertisedAddress({ advertise, listen }: ApiServerOptions, listening: number | undefined): string {
  return `${advertise?.address ?? listen?.host ?? '127.0.0.1'}:${advertise?.port ?? listening ?? 443}`;
}

function requireStarted(started: boolean): void {
  if (!started) throw new Error('the caches are still being filled');
}

/** A proxy shows a certificate as clients do, of authorities of its own. */
function listenOptions(listen: ListenOptions, requestHeader: RequestHeaderConfig | undefined): ListenOptions {
  const { clientAuthorities } = listen.tls;
  if (requestHeader === undefined) return listen;
  return {
    ...listen,
    tls: { ...listen.tls, clientAuthorities: [...(clientAuthorities ?? []), requestHeader.authorities] },
  };
}

function systemOptions(
  options: ApiServerOptions,
  requestHeader: RequestHeaderConfig | undefined,
  serviceCidrs: readonly string[],
  listening: number | undefined,
): SystemOptions {
  const { advertise, listen } = options;
  const port = advertise?.port ?? listening;
  return {
    serviceCidrs,
    endpoint: advertise === undefined || port === undefined ? undefined : { address: advertise.address, port },
    clientAuthorities: listen?.tls.clientAuthorities ?? [],
    requestHeader,
  };
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
    waitedMs: 0,
    annotations: new AuditAnnotations(),
  };
}

function statisticsOf(resource: ServedResource | undefined) {
  return resource && { objects: resource.store.size, bytes: resource.store.storedBytes };
}

function strategyTable(strategies: readonly Strategy[]): (resource: GroupResource) => Strategy {
  const table = new Map(strategies.map((strategy) => [keyOf(strategy.resource), strategy]));
  return (resource) => table.get(keyOf(resource)) ?? { resource };
}

function keyOf({ group, resource }: GroupResource): string {
  return `${resource}.${group}`;
}
