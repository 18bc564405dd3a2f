import { badRequest, conflict, isStatus, notFound, StatusError, alreadyExists } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { parseFieldSelector, parseLabelSelector } from '@coracle/apimachinery/selectors';
import type { RawWatchEvent, Transport, TransportRequest } from '../transport/transport.ts';
import { EventLog } from './event-log.ts';
import { mergePatch } from './merge-patch.ts';
import { parsePath, type RequestTarget } from './request-target.ts';

/** A request as it arrived, for tests that look at what a component asked for. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * The smallest thing that a component cannot tell from an API server while it reads, watches and writes objects: no
 * defaults, no validation, no admission. Objects it hands out are frozen, so that a component that writes to one fails.
 * Knows the subresources `status`, `binding` and `eviction`; a pod is gone as soon as it is deleted, unless it has finalizers.
 */
export interface MemoryApi {
  readonly transport: Transport;
  readonly requests: readonly SeenRequest[];
  /** Puts an object there, in place of the one of that name; `resource` is `pods` or `deployments.apps`. */
  put<T extends KubernetesObject>(resource: string, object: T): T;
  get<T extends KubernetesObject>(resource: string, name: string, namespace?: string): T | undefined;
  list<T extends KubernetesObject>(resource: string): readonly T[];
  remove(resource: string, name: string, namespace?: string): void;
  /** Called with every request before it is served; throws what the caller shall see. */
  intercept: ((request: SeenRequest) => void | Promise<void>) | undefined;
  /** Ends every open watch, as a server that restarts does. */
  endWatches(): void;
  /** Forgets history: resuming from before now answers 410. */
  compact(): void;
}

export function createMemoryApi(): MemoryApi {
  return new MemoryServer();
}

class MemoryServer implements MemoryApi {
  readonly requests: SeenRequest[] = [];
  intercept: ((request: SeenRequest) => void | Promise<void>) | undefined;
  readonly #collections = new Map<string, Map<string, KubernetesObject>>();
  readonly #log = new EventLog();
  #revision = 0;
  #created = 0;

  readonly transport: Transport = {
    request: async (request, signal) => {
      signal?.throwIfAborted();
      const seen = { method: request.method, path: request.path, body: request.body };
      this.requests.push(seen);
      await this.intercept?.(seen);
      return { status: 200, object: this.#serve(request), warnings: [] };
    },
    watch: (request, signal) => this.#watch(request, signal),
    stream: async () => {
      throw badRequest('there are no streams here');
    },
    close: async () => this.endWatches(),
  };

  put<T extends KubernetesObject>(resource: string, object: T): T {
    return this.#store(resource, object) as T;
  }

  get<T extends KubernetesObject>(resource: string, name: string, namespace?: string): T | undefined {
    return this.#collection(resource).get(keyFor(name, namespace)) as T | undefined;
  }

  list<T extends KubernetesObject>(resource: string): readonly T[] {
    return [...this.#collection(resource).values()] as T[];
  }

  remove(resource: string, name: string, namespace?: string): void {
    const key = keyFor(name, namespace);
    const object = this.#collection(resource).get(key);
    if (!object) return;
    this.#collection(resource).delete(key);
    const last = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } });
    this.#log.append({ resource, type: 'DELETED', object: last, previous: object });
  }

  endWatches(): void {
    this.#log.endReaders();
  }

  compact(): void {
    this.#log.compact(this.#revision);
  }

  #collection(resource: string): Map<string, KubernetesObject> {
    let collection = this.#collections.get(resource);
    if (!collection) {
      collection = new Map();
      this.#collections.set(resource, collection);
    }
    return collection;
  }

  #store(resource: string, object: KubernetesObject): KubernetesObject {
    const { name = '', namespace } = object.metadata ?? {};
    const key = keyFor(name, namespace);
    const previous = this.#collection(resource).get(key);
    const stored = freeze({
      ...object,
      metadata: {
        ...object.metadata,
        uid: previous?.metadata?.uid ?? object.metadata?.uid ?? `uid-${++this.#created}`,
        creationTimestamp: previous?.metadata?.creationTimestamp ?? object.metadata?.creationTimestamp ?? epoch,
        resourceVersion: String(++this.#revision),
      },
    });
    this.#collection(resource).set(key, stored);
    this.#log.append({ resource, type: previous ? 'MODIFIED' : 'ADDED', object: stored, previous });
    return stored;
  }

  #serve(request: TransportRequest): unknown {
    const target = parsePath(request.path);
    switch (request.method) {
      case 'GET':
        return target.name === undefined ? this.#list(target) : this.#existing(target);
      case 'POST':
        return this.#post(target, request.body as KubernetesObject);
      case 'PUT':
        return this.#update(target, request.body as KubernetesObject);
      case 'PATCH':
        return this.#patch(target, request);
      case 'DELETE':
        return this.#delete(target, request.body as DeleteBody | undefined);
    }
  }

  #existing({ resource, name = '', namespace }: RequestTarget): KubernetesObject {
    const object = this.get(resource, name, namespace);
    if (!object) throw notFound(groupResource(resource), name);
    return object;
  }

  #list(target: RequestTarget): unknown {
    const isSelected = selectionOf(target);
    const items = this.list(target.resource).filter(isSelected);
    return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: String(this.#revision) }, items };
  }

  #post(target: RequestTarget, body: KubernetesObject): unknown {
    if (target.subresource === 'binding') return this.#bind(target, body as Binding);
    if (target.subresource === 'eviction') return this.#delete(target, undefined);
    const name = body.metadata?.name ?? `${body.metadata?.generateName ?? ''}${++this.#created}`;
    const namespace = target.namespace ?? body.metadata?.namespace;
    const object = { ...body, metadata: { ...body.metadata, name, ...(namespace ? { namespace } : {}) } };
    if (this.get(target.resource, name, namespace)) throw alreadyExists(groupResource(target.resource), name);
    return this.#store(target.resource, object);
  }

  #update(target: RequestTarget, body: KubernetesObject): unknown {
    const current = this.#existing(target) as StatusCarrier;
    const version = body.metadata?.resourceVersion;
    if (version !== undefined && version !== current.metadata?.resourceVersion) {
      throw conflict(groupResource(target.resource), target.name ?? '', 'the object has been modified');
    }
    const update = body as StatusCarrier;
    const object =
      target.subresource === 'status' ? { ...current, status: update.status } : keepStatus(update, current);
    return this.#finish(target, object);
  }

  #patch(target: RequestTarget, request: TransportRequest): unknown {
    const type = request.contentType ?? '';
    const isApply = type.includes('apply-patch');
    if (type.includes('json-patch')) throw badRequest('json patches are not known here');
    const exists = this.get(target.resource, target.name ?? '', target.namespace) !== undefined;
    if (isApply && !exists) return this.#post({ ...target, name: undefined }, request.body as KubernetesObject);
    const current = this.#existing(target);
    const expected = (request.body as KubernetesObject).metadata;
    if (expected?.resourceVersion !== undefined && expected.resourceVersion !== current.metadata?.resourceVersion) {
      throw conflict(groupResource(target.resource), target.name ?? '', 'the object has been modified');
    }
    if (expected?.uid !== undefined && expected.uid !== current.metadata?.uid) {
      throw conflict(groupResource(target.resource), target.name ?? '', 'the uid is another');
    }
    const byKey = isApply || type.includes('strategic');
    return this.#finish(target, mergePatch(current, request.body, byKey) as KubernetesObject);
  }

  /** An object that is being deleted goes with its last finalizer. */
  #finish(target: RequestTarget, object: KubernetesObject): unknown {
    const { deletionTimestamp, finalizers } = object.metadata ?? {};
    const stored = this.#store(target.resource, object);
    if (deletionTimestamp && !finalizers?.length) this.remove(target.resource, target.name ?? '', target.namespace);
    return stored;
  }

  #delete(target: RequestTarget, body: DeleteBody | undefined): unknown {
    if (target.name === undefined) {
      for (const object of this.list(target.resource).filter(selectionOf(target))) {
        const { name = '', namespace } = object.metadata ?? {};
        this.#delete({ ...target, name, namespace }, body);
      }
      return success;
    }
    const object = this.#existing(target);
    const expectedUid = body?.preconditions?.uid;
    if (expectedUid !== undefined && expectedUid !== object.metadata?.uid) {
      throw conflict(groupResource(target.resource), target.name, 'the UID in the precondition is another');
    }
    if (object.metadata?.finalizers?.length) {
      if (object.metadata.deletionTimestamp) return object;
      return this.#store(target.resource, { ...object, metadata: { ...object.metadata, deletionTimestamp: epoch } });
    }
    this.remove(target.resource, target.name, target.namespace);
    return success;
  }

  #bind(target: RequestTarget, binding: Binding): unknown {
    const pod = this.#existing(target) as BoundPod;
    if (pod.spec?.nodeName) {
      throw conflict(
        groupResource('pods/binding'),
        target.name ?? '',
        `pod is already assigned to node ${pod.spec.nodeName}`,
      );
    }
    const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
    const conditions = [...others, { type: 'PodScheduled', status: 'True' }];
    const bound = {
      ...pod,
      spec: { ...pod.spec, nodeName: binding.target.name },
      status: { ...pod.status, conditions },
    };
    this.#store('pods', bound);
    return success;
  }

  async *#watch(request: TransportRequest, signal: AbortSignal): AsyncIterable<RawWatchEvent> {
    const seen = { method: 'WATCH', path: request.path, body: undefined };
    this.requests.push(seen);
    await this.intercept?.(seen);
    const target = parsePath(request.path);
    const isSelected = selectionOf(target);
    const from = target.query.get('resourceVersion') ?? '';
    const isFresh = from === '' || from === '0' || target.query.get('sendInitialEvents') === 'true';
    const since = isFresh ? this.#revision : Number(from);
    if (isFresh) yield* this.#initialEvents(target, isSelected);
    try {
      for await (const { resource, type, object, previous } of this.#log.read(since, signal)) {
        if (resource !== target.resource) continue;
        const is = type !== 'DELETED' && isSelected(object);
        const was = previous !== undefined && isSelected(previous);
        if (is) yield { type: was ? 'MODIFIED' : 'ADDED', object };
        else if (was) yield { type: 'DELETED', object };
      }
    } catch (error) {
      if (!isStatus(error, 'Expired')) throw error;
      yield { type: 'ERROR', object: (error as StatusError).status };
    }
  }

  *#initialEvents(target: RequestTarget, isSelected: (object: KubernetesObject) => boolean): Iterable<RawWatchEvent> {
    const resourceVersion = String(this.#revision);
    for (const object of this.list(target.resource).filter(isSelected)) yield { type: 'ADDED', object };
    if (target.query.get('sendInitialEvents') !== 'true') return;
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    yield { type: 'BOOKMARK', object: { metadata: { resourceVersion, annotations } } };
  }
}

const epoch = '2026-01-01T00:00:00Z';
const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };

interface DeleteBody {
  readonly preconditions?: { readonly uid?: string };
}

interface StatusCarrier extends KubernetesObject {
  status?: unknown;
}

interface Binding extends KubernetesObject {
  readonly target: { readonly name: string };
}

interface BoundPod extends KubernetesObject {
  spec?: { nodeName?: string };
  status?: { conditions?: { type: string; status: string }[] };
}

function keyFor(name: string, namespace: string | undefined): string {
  return namespace ? `${namespace}/${name}` : name;
}

function groupResource(text: string): { group: string; resource: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', resource: text } : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

function keepStatus(update: StatusCarrier, current: StatusCarrier): StatusCarrier {
  return current.status === undefined ? update : { ...update, status: current.status };
}

function selectionOf(target: RequestTarget): (object: KubernetesObject) => boolean {
  const labels = parseLabelSelector(target.query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(target.query.get('fieldSelector') ?? '');
  return (object) => {
    if (target.namespace !== undefined && object.metadata?.namespace !== target.namespace) return false;
    if (!labels.matches(object.metadata?.labels)) return false;
    return fields.requirements.every(({ field, operator, value }) => {
      return (fieldOf(object, field) === value) === (operator === '=');
    });
  };
}

function fieldOf(object: unknown, path: string): string {
  let value = object;
  for (const part of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value === undefined || value === null ? '' : String(value);
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
