import type { Timer } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { deepEqual, isObject } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { APIServices, EndpointSlices } from '@coracle/apimachinery/resources';
import type { APIService } from '@coracle/apimachinery/types/apiregistration-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { forward, forwardUpgrade, responseOf } from '../connect/index.ts';
import type { DiscoveredRemote } from '../discovery/index.ts';
import type { RemoteDocumentation } from '../openapi/index.ts';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import type { MetricRegistry } from '../metrics/index.ts';
import { textResponse } from '../negotiation/object-response.ts';
import { timestamp } from '../registry/metadata.ts';
import type { Readers, Writers } from '../registry/readers.ts';
import { resolveService, type ServiceTarget } from '../webhooks/index.ts';
import { type Availability, failedDiscovery, obstacleOf, passed } from './availability.ts';
import { rowsOfResourceList } from './remote-rows.ts';
import { type ProxyIdentity, RemoteServer, remoteHeaders } from './remote-server.ts';

export interface AggregationDependencies {
  readonly environment: Environment;
  readonly readers: Readers;
  readonly writers: Writers;
  readonly metrics: MetricRegistry;
  /** Shown to aggregated servers; absent: they cannot know that the identity they are told is true. */
  readonly identity: ProxyIdentity | undefined;
}

/** A server that does not answer is asked again after this long, doubling up to the maximum. Milliseconds. */
const retryMinMs = 1000;
const retryMaxMs = 30_000;
/** One that answers is asked again after this long: it may die without a word. */
const recheckMs = 30_000;

interface Remote {
  readonly server: RemoteServer;
  available: boolean;
  rows: DiscoveredRemote['rows'];
  documentation: Pick<RemoteDocumentation, 'v2' | 'v3'>;
  retryMs: number;
  retry: Timer | undefined;
  checking: boolean;
}

/**
 * Group versions that other servers serve: requests for them are passed on with the caller's name (k8s.io/kube-aggregator).
 * A server is asked whether it is there when something about it changes, and while it is not.
 */
export class Aggregation {
  readonly #dependencies: AggregationDependencies;
  readonly #remotes = new Map<string, Remote>();
  #generation = 0;

  constructor(dependencies: AggregationDependencies) {
    this.#dependencies = dependencies;
    dependencies.metrics.gauge(
      {
        name: 'aggregator_unavailable_apiservice',
        help: 'Gauge of APIServices of other servers which are marked as unavailable broken down by APIService name.',
        labels: ['name'],
      },
      () => [...this.#remotes].map(([name, { available }]) => [[name], available ? 0 : 1] as const),
    );
  }

  /** Grows with every change of what discovery shows. */
  get generation(): number {
    return this.#generation;
  }

  /** Group versions of others, for discovery. */
  discovered(): DiscoveredRemote[] {
    return [...this.#remotes.values()].map(({ server, available, rows }) => ({
      group: server.service.spec?.group ?? '',
      version: server.service.spec?.version ?? '',
      rows,
      freshness: available ? 'Current' : 'Stale',
    }));
  }

  /** What others say of the group versions that they serve, for the OpenAPI documents. */
  documentation(): RemoteDocumentation[] {
    return [...this.#remotes.values()]
      .filter((remote) => remote.available)
      .map(({ server, documentation }) => ({
        group: server.service.spec?.group ?? '',
        version: server.service.spec?.version ?? '',
        ...documentation,
      }));
  }

  async start(signal: AbortSignal): Promise<void> {
    const { readers } = this.#dependencies;
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    await readers.follow<APIService & KubernetesObject>(APIServices, (change) => this.#follow(change), signal);
    await readers.follow<EndpointSlice & KubernetesObject>(
      EndpointSlices,
      ({ object }) => this.#endpointsChanged(object),
      signal,
    );
  }

  /** Passes requests for aggregated group versions on; others are not mine. */
  readonly handle: PathHandler = (context) => {
    if (this.#remotes.size === 0) return undefined;
    const [, group, version] = /^(?:\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)/.exec(context.info.path) ?? [];
    const remote = this.#remotes.get(`${version}.${group}`);
    return remote === undefined ? undefined : this.#proxy(remote, context);
  };

  async #proxy(remote: Remote, { request, user }: RequestContext): Promise<ApiResponse> {
    if (!remote.available) return unavailable('service unavailable');
    const target = await this.#resolve(remote).catch(() => undefined);
    if (target === undefined) return unavailable('service unavailable');
    const query = request.query.toString();
    const destination = {
      scheme: 'https',
      ...target,
      path: query === '' ? request.path : `${request.path}?${query}`,
      agent: remote.server.agent,
      headers: remoteHeaders(user),
    } as const;
    try {
      if (request.upgrade !== undefined) return await forwardUpgrade(request, destination);
      return responseOf(await forward(request, destination));
    } catch (error) {
      this.#check(remote);
      return unavailable(`error trying to reach service: ${textOfError(error)}`);
    }
  }

  #resolve({ server }: Remote): Promise<ServiceTarget> {
    const { readers, environment } = this.#dependencies;
    const { namespace = '', name = '', port = 443 } = server.service.spec?.service ?? {};
    return resolveService(readers, environment.random, { namespace, name, port });
  }

  #follow({
    type,
    object,
  }: {
    readonly type: 'set' | 'removed';
    readonly object: APIService & KubernetesObject;
  }): void {
    const name = object.metadata?.name ?? '';
    const known = this.#remotes.get(name);
    if (type === 'set' && known !== undefined && deepEqual(known.server.service.spec, object.spec)) return;
    if (known !== undefined) this.#forget(name, known);
    if (type === 'removed' || object.spec?.service === undefined) return;
    const remote: Remote = {
      server: new RemoteServer(object, this.#dependencies.identity),
      available: false,
      rows: [],
      documentation: {},
      retryMs: retryMinMs,
      retry: undefined,
      checking: false,
    };
    this.#remotes.set(name, remote);
    this.#generation++;
    this.#check(remote);
  }

  #forget(name: string, remote: Remote): void {
    remote.retry?.cancel();
    remote.server.close();
    this.#remotes.delete(name);
    this.#generation++;
  }

  #endpointsChanged({ metadata }: EndpointSlice & KubernetesObject): void {
    const serviceName = metadata?.labels?.['kubernetes.io/service-name'];
    for (const remote of this.#remotes.values()) {
      const { namespace, name } = remote.server.service.spec?.service ?? {};
      if (namespace === metadata?.namespace && name === serviceName) this.#check(remote);
    }
  }

  #check(remote: Remote): void {
    if (remote.checking) return;
    remote.checking = true;
    remote.retry?.cancel();
    this.#ask(remote)
      .then((condition) => this.#report(remote, condition))
      .catch((error: unknown) => this.#dependencies.environment.log.warn('availability of an API service', { error }))
      .finally(() => {
        remote.checking = false;
        if (!this.#isCurrent(remote)) return;
        const waitMs = remote.available ? recheckMs : remote.retryMs;
        remote.retry = this.#dependencies.environment.clock.after(waitMs, () => this.#check(remote));
        if (!remote.available) remote.retryMs = Math.min(remote.retryMs * 2, retryMaxMs);
      });
  }

  #isCurrent(remote: Remote): boolean {
    return this.#remotes.get(remote.server.service.metadata?.name ?? '') === remote;
  }

  /** What is so now, kept with the remote; until that is known what was so before holds. */
  async #ask(remote: Remote): Promise<Availability> {
    const { available, rows, documentation } = remote;
    const obstacle = await obstacleOf(this.#dependencies.readers, remote.server.service);
    const answer = obstacle ?? (await this.#askServer(remote));
    remote.available = answer.status === 'True';
    if (remote.available) remote.retryMs = retryMinMs;
    if (!deepEqual([available, rows, documentation], [remote.available, remote.rows, remote.documentation])) {
      this.#generation++;
    }
    return answer;
  }

  async #askServer(remote: Remote): Promise<Availability> {
    const { group = '', version = '' } = remote.server.service.spec ?? {};
    try {
      const target = await this.#resolve(remote);
      const document = await remote.server.getJson(target, `/apis/${group}/${version}`);
      const documentation = await remote.server.documentation(target);
      remote.rows = rowsOfResourceList(isObject(document) ? document : {}, group, version);
      remote.documentation = documentation;
      return passed;
    } catch (error) {
      return failedDiscovery(textOfError(error));
    }
  }

  async #report(remote: Remote, condition: Availability): Promise<void> {
    if (!this.#isCurrent(remote)) return;
    const { writers, environment } = this.#dependencies;
    const name = remote.server.service.metadata?.name ?? '';
    await writers.update<APIService & KubernetesObject>(APIServices, { name }, (copy) => {
      const conditions = copy.status?.conditions ?? [];
      const before = conditions.find(({ type }) => type === 'Available');
      const same = before?.status === condition.status;
      const lastTransitionTime = same ? before.lastTransitionTime : timestamp(environment.clock.now());
      const now = { type: 'Available', lastTransitionTime: lastTransitionTime ?? null, ...condition };
      if (deepEqual(before, now)) return undefined;
      copy.status = { ...copy.status, conditions: [...conditions.filter(({ type }) => type !== 'Available'), now] };
      return copy;
    });
  }

  #stop(): void {
    for (const [name, remote] of this.#remotes) this.#forget(name, remote);
  }
}

/** As Go's http.Error: whoever asked for an aggregated API and gets this knows that it is not that API that speaks. */
function unavailable(message: string): ApiResponse {
  return textResponse(`${message}\n`, 503);
}
