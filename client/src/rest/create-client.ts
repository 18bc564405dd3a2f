import { type Clock, systemClock } from '@coracle/apimachinery/clock';
import { type Status, StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesList, KubernetesObject } from '@coracle/apimachinery/meta';
import { groupVersion, type ResourceRef } from '@coracle/apimachinery/schema';
import type { RawWatchEvent, Transport, TransportRequest, TransportResponse } from '../transport/transport.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { pathOf, queryOf } from './paths.ts';

export interface ClientOptions {
  /** Who is written into managed fields where a call does not say. */
  readonly fieldManager?: string;
  /** Told every `Warning` header of every answer. */
  readonly onWarning?: (text: string) => void;
  readonly clock?: Clock;
}

/** How often a request is sent again where the server says when to come back (client-go rest.maxRetries). */
const retriesMax = 10;

const patchTypes: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The typed verbs over `transport`. Answers that carry a Retry-After are waited for and asked again, at most ten times. */
export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  const clock = options.clock ?? systemClock;

  const send = async (request: TransportRequest, signal?: AbortSignal): Promise<unknown> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await transport.request(request, signal);
        if (options.onWarning) tellWarnings(response, options.onWarning);
        return response.object;
      } catch (error) {
        const waitSeconds = retryAfterSeconds(error);
        if (waitSeconds === undefined || attempt >= retriesMax) throw error;
        await clock.sleep(waitSeconds * 1000, signal);
      }
    }
  };

  const writeQuery = (write: WriteOptions, force?: boolean): string =>
    queryOf({
      dryRun: write.dryRun ? 'All' : undefined,
      fieldManager: write.fieldManager ?? options.fieldManager,
      fieldValidation: write.fieldValidation,
      force,
    });

  return {
    transport,

    async get<T extends KubernetesObject>(
      resource: ResourceRef<T>,
      key: ObjectKey,
      get: { resourceVersion?: string; subresource?: string; signal?: AbortSignal } = {},
    ) {
      const path = pathOf(resource, { ...key, subresource: get.subresource });
      const query = queryOf({ resourceVersion: get.resourceVersion });
      return (await send({ method: 'GET', path: path + query }, get.signal)) as T;
    },

    async list<T extends KubernetesObject>(resource: ResourceRef<T>, list: ListOptions = {}) {
      const path = pathOf(resource, { namespace: list.namespace }) + listQuery(list);
      const answer = (await send({ method: 'GET', path }, list.signal)) as KubernetesList<T>;
      return withItemKinds(resource, answer);
    },

    watch<T extends KubernetesObject>(resource: ResourceRef<T>, watch: WatchOptions, signal: AbortSignal) {
      const path = pathOf(resource, { namespace: watch.namespace }) + watchQuery(watch);
      return typedEvents<T>(transport.watch({ method: 'GET', path }, signal));
    },

    async create<T extends KubernetesObject, R = T>(
      resource: ResourceRef<T>,
      object: KubernetesObject,
      write: WriteOptions = {},
    ) {
      const { namespace, name } = object.metadata ?? {};
      const target = write.subresource === undefined ? { namespace } : { ...write, namespace, name };
      const path = pathOf(resource, target) + writeQuery(write);
      const body = write.subresource === undefined ? withKind(resource, object) : object;
      return (await send({ method: 'POST', path, body }, write.signal)) as R;
    },

    async update<T extends KubernetesObject>(resource: ResourceRef<T>, object: T, write: WriteOptions = {}) {
      const { namespace, name } = object.metadata ?? {};
      const path = pathOf(resource, { namespace, name, subresource: write.subresource }) + writeQuery(write);
      return (await send({ method: 'PUT', path, body: withKind(resource, object) }, write.signal)) as T;
    },

    async patch<T extends KubernetesObject>(
      resource: ResourceRef<T>,
      key: ObjectKey,
      patch: Patch,
      write: WriteOptions = {},
    ) {
      const force = patch.type === 'apply' ? patch.force : undefined;
      const path = pathOf(resource, { ...key, subresource: write.subresource }) + writeQuery(write, force);
      const contentType = patchTypes[patch.type];
      return (await send({ method: 'PATCH', path, contentType, body: patch.body }, write.signal)) as T;
    },

    async delete<T extends KubernetesObject>(resource: ResourceRef<T>, key: ObjectKey, remove: DeleteOptions = {}) {
      await send({ method: 'DELETE', path: pathOf(resource, key), body: deleteBody(remove) }, remove.signal);
    },

    async deleteCollection<T extends KubernetesObject>(
      resource: ResourceRef<T>,
      list: ListOptions,
      remove: DeleteOptions = {},
    ) {
      const path = pathOf(resource, { namespace: list.namespace }) + listQuery(list);
      await send({ method: 'DELETE', path, body: deleteBody(remove) }, remove.signal ?? list.signal);
    },

    raw: (method, path, body, signal) => send({ method, path, ...(body === undefined ? {} : { body }) }, signal),
  };
}

function listQuery(list: ListOptions): string {
  return queryOf({
    labelSelector: list.labelSelector,
    fieldSelector: list.fieldSelector,
    limit: list.limit,
    continue: list.continue,
    resourceVersion: list.resourceVersion,
    resourceVersionMatch: list.resourceVersionMatch,
  });
}

function watchQuery(watch: WatchOptions): string {
  return queryOf({
    watch: true,
    labelSelector: watch.labelSelector,
    fieldSelector: watch.fieldSelector,
    resourceVersion: watch.resourceVersion,
    resourceVersionMatch: watch.resourceVersionMatch,
    allowWatchBookmarks: watch.allowWatchBookmarks,
    sendInitialEvents: watch.sendInitialEvents,
    timeoutSeconds: watch.timeoutSeconds,
  });
}

function deleteBody(options: DeleteOptions): unknown {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
    ...(options.preconditions === undefined ? {} : { preconditions: options.preconditions }),
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
}

/** A list leaves out what its own kind already says; whoever gets a single item needs it. */
function withItemKinds<T extends KubernetesObject>(resource: ResourceRef<T>, list: KubernetesList<T>) {
  const items = list.items ?? [];
  if (items.every((item) => item.kind !== undefined)) return list.items ? list : { ...list, items };
  return { ...list, items: items.map((item) => withKind(resource, item)) };
}

function withKind<T extends KubernetesObject>(resource: ResourceRef, object: T): T {
  if (object.kind !== undefined && object.apiVersion !== undefined) return object;
  return { apiVersion: groupVersion(resource), kind: resource.kind, ...object };
}

async function* typedEvents<T extends KubernetesObject>(
  events: AsyncIterable<RawWatchEvent>,
): AsyncIterable<WatchEvent<T>> {
  for await (const event of events) {
    if (event.type === 'ERROR') throw new StatusError(event.object as Status);
    yield event as WatchEvent<T>;
  }
}

function tellWarnings(response: TransportResponse, onWarning: (text: string) => void): void {
  for (const text of response.warnings) onWarning(text);
}

/** Seconds after which the server wants to be asked again; undefined where it says nothing or the answer is final. */
function retryAfterSeconds(error: unknown): number | undefined {
  if (!(error instanceof StatusError)) return undefined;
  if (error.code !== 429 && error.code < 500) return undefined;
  const seconds = error.status.details?.retryAfterSeconds;
  return seconds !== undefined && seconds > 0 ? seconds : undefined;
}
