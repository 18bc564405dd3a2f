import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type {
  ListRequest,
  ListResult,
  ResourceStore,
  Selectable,
  StoredObject,
  StoreEvent,
  WatchRequest,
} from '../storage/object-store/object-store.ts';

/** The version that selectors are about, where a webhook makes it from what is stored. */
export interface SelectedVersion {
  /** Asks for what is not there yet. */
  prepare(objects: readonly KubernetesObject[]): Promise<void>;
  /** Only of what was prepared. */
  convert(object: KubernetesObject): KubernetesObject;
  fields(object: KubernetesObject): Readonly<Record<string, string>>;
}

const nothing: Readonly<Record<string, string>> = Object.freeze({});

/**
 * A store whose lists and watches with a selector judge objects as the asked version has them, not as they are stored:
 * `host=a` of v2 knows nothing of the `hostPort` that v1 keeps. What has no selector goes straight through.
 */
export function selectedWhenConverted(store: ResourceStore, version: SelectedVersion): ResourceStore {
  return {
    get: (key, freshness) => store.get(key, freshness),
    create: (object, ttlSeconds) => store.create(object, ttlSeconds),
    update: (key, change, ttlSeconds) => store.update(key, change, ttlSeconds),
    delete: (key, check) => store.delete(key, check),
    get size() {
      return store.size;
    },
    get storedBytes() {
      return store.storedBytes;
    },
    list: (request) => (request.matches === undefined ? store.list(request) : listConverted(store, version, request)),
    watch: (request, signal) =>
      request.matches === undefined ? store.watch(request, signal) : watchConverted(store, version, request, signal),
  };
}

async function listConverted(
  store: ResourceStore,
  version: SelectedVersion,
  request: ListRequest,
): Promise<ListResult> {
  const { limit, ...whole } = withoutSelector(request);
  const { items, revision } = await store.list(whole);
  await version.prepare(items.map(({ object }) => object));
  const selected = items.filter(judge(version, request));
  if (limit === undefined || selected.length <= limit) return { items: selected, revision };
  return { items: selected.slice(0, limit), revision, more: { remaining: undefined } };
}

/** Begins with the state that the watch is to follow, as a change can only be told by whether the object was selected before. */
async function* watchConverted(
  store: ResourceStore,
  version: SelectedVersion,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly StoreEvent[]> {
  const all = withoutSelector(request);
  const { items, revision } = await store.list({ ...all, freshness: freshnessOf(request) });
  await version.prepare(items.map(({ object }) => object));
  const selection = new FollowedSelection(judge(version, request));
  const initial = items.flatMap((object) => selection.see({ type: 'ADDED', object }));
  if (request.from.type === 'initial-events') {
    yield initial;
    if (request.bookmarks) yield [{ type: 'BOOKMARK', revision, initialEventsEnd: true }];
  }
  for await (const events of store.watch({ ...all, from: { type: 'after', revision } }, signal)) {
    await version.prepare(events.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [event.object.object])));
    const seen = events.flatMap((event) => selection.see(event));
    if (seen.length > 0) yield seen;
  }
}

function freshnessOf({ from }: WatchRequest): ListRequest['freshness'] {
  if (from.type === 'initial-events') return from.freshness;
  return from.type === 'now' ? { type: 'any' } : { type: 'exact', revision: from.revision };
}

function withoutSelector<T extends ListRequest | WatchRequest>(request: T): Omit<T, 'matches' | 'equals'> {
  const { matches: _matches, equals: _equals, ...rest } = request;
  return rest;
}

function judge(version: SelectedVersion, { matches }: ListRequest | WatchRequest): (stored: StoredObject) => boolean {
  return ({ namespace, name, object }) => {
    const converted = version.convert(object);
    const labels = converted.metadata?.labels ?? nothing;
    const selectable: Selectable = { namespace, name, labels, fields: version.fields(converted) };
    return matches === undefined || matches(selectable);
  };
}

/** The objects that a watcher has been shown, and what a change is for somebody who sees only those. */
class FollowedSelection {
  readonly #selects: (stored: StoredObject) => boolean;
  /** Last selected state by namespace and name. */
  readonly #shown = new Map<string, StoredObject>();

  constructor(selects: (stored: StoredObject) => boolean) {
    this.#selects = selects;
  }

  see(event: StoreEvent): StoreEvent[] {
    if (event.type === 'BOOKMARK') return [event];
    const { object } = event;
    const key = `${object.namespace ?? ''}/${object.name}`;
    const previous = this.#shown.get(key);
    if (event.type !== 'DELETED' && this.#selects(object)) {
      this.#shown.set(key, object);
      return [{ type: previous === undefined ? 'ADDED' : 'MODIFIED', object }];
    }
    if (previous === undefined) return [];
    this.#shown.delete(key);
    return [{ type: 'DELETED', object: previous.at(object.revision) }];
  }
}
