import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Revision } from '../storage.ts';

/**
 * The typed layer that the registry works on: one ResourceStore per stored resource, all of them fed by one watch of the
 * store, in its order. Reads come from the watch cache and wait for it to have reached the revision they ask for;
 * writes go to the store and come back through the same event stream as everybody else's.
 *
 * Objects are stored as JSON without `metadata.resourceVersion`, which is put between the bytes when they are sent.
 */
export interface ObjectStores {
  /** The store of one resource, made on first use. `prefix` as in `ResourceRow.storagePrefix`. */
  resource(options: ResourceStoreOptions): ResourceStore;
  /** Drops the cache of a resource that is no longer served. */
  remove(prefix: string): void;
  /** The newest revision the store has committed. */
  currentRevision(): Promise<Revision>;
  /** Resolves when the cache has seen everything the store held at start. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface ResourceStoreOptions {
  readonly prefix: string;
  readonly namespaced: boolean;
  /**
   * apiVersion and kind that the storage version is written with. Stored JSON of exactly this kind is served as it is,
   * without being decoded. Absent (custom resources, whose schema may have changed since): everything goes through `decode`.
   */
  readonly storedAs?: { readonly apiVersion: string; readonly kind: string };
  /** Decodes what someone else wrote (protobuf of an upstream API server, an older version, pruned custom resource). */
  readonly decode: (stored: Uint8Array) => KubernetesObject;
  /** Field selector values of an object beyond `metadata.name` and `metadata.namespace`, computed once per revision. */
  readonly fields?: (object: KubernetesObject) => Readonly<Record<string, string>>;
}

/** One revision of one object. Immutable and shared by everyone who reads it. */
export interface StoredObject {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly revision: Revision;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  /** What it takes in the store, in bytes. */
  readonly size: number;
  /** The object, decoded on first use and frozen deeply in tests; includes resourceVersion. */
  readonly object: KubernetesObject;
  /** Its JSON with resourceVersion, in pieces that go out in a row: cut from what is stored, which is not kept twice. */
  readonly jsonPieces: readonly Uint8Array[];
  /** Another encoding or version of it, made at most once per revision and then kept. */
  encoded(variant: string, make: (object: KubernetesObject) => Uint8Array): Uint8Array;
  /** The same state under a later revision: what a deletion tells. */
  at(revision: Revision): StoredObject;
}

export interface Selection {
  readonly namespace?: string;
  /** Only this object. */
  readonly name?: string;
  /**
   * One requirement of `matches` on a field that `ResourceStoreOptions.fields` computes (`spec.nodeName`): finds the
   * watchers of an event without asking all of them. `matches` still decides.
   */
  readonly equals?: { readonly field: string; readonly value: string };
  /** Label and field selectors, compiled; absent selects everything (and lets lists join cached bytes unfiltered). */
  readonly matches?: (object: Selectable) => boolean;
}

/** What selectors look at. */
export type Selectable = Pick<StoredObject, 'namespace' | 'name' | 'labels' | 'fields'>;

/** How fresh an answer must be: newest (wait for the store), any (what the cache has), at least, or exactly a revision. */
export type Freshness =
  | { readonly type: 'newest' }
  | { readonly type: 'any' }
  | { readonly type: 'at-least'; readonly revision: Revision }
  | { readonly type: 'exact'; readonly revision: Revision };

export interface ListRequest extends Selection {
  readonly freshness: Freshness;
  readonly limit?: number;
  /** Continues after this key, as of the revision in `freshness: exact`; made and read by `continue-token.ts`. */
  readonly startAfter?: { readonly namespace: string | undefined; readonly name: string };
}

export interface ListResult {
  readonly items: readonly StoredObject[];
  readonly revision: Revision;
  /** Set where `limit` cut the list: objects left beyond it (known only for lists without a selector). */
  readonly more?: { readonly remaining: number | undefined };
}

export interface WatchRequest extends Selection {
  /** Changes after this revision; `now` begins at the current state without replaying it. */
  readonly from:
    | { readonly type: 'now' }
    | { readonly type: 'after'; readonly revision: Revision }
    | { readonly type: 'initial-events'; readonly freshness: Freshness };
  readonly bookmarks: boolean;
  /** Called once everything that was there at the beginning has been taken: from then on the watch waits for changes. */
  readonly initialized?: () => void;
  /** Called when this reader has fallen too far behind: it may be waiting for its own client rather than for events. */
  readonly onTooSlow?: () => void;
}

/** A selector that stops or starts matching turns an update into DELETED or ADDED, as upstream's cacher does. */
export type StoreEvent =
  | { readonly type: 'ADDED' | 'MODIFIED'; readonly object: StoredObject }
  /** `object` is the last state that matched, at the revision of the deletion. */
  | { readonly type: 'DELETED'; readonly object: StoredObject }
  | { readonly type: 'BOOKMARK'; readonly revision: Revision; readonly initialEventsEnd: boolean };

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface ResourceStore {
  get(key: { namespace?: string; name: string }, freshness: Freshness): Promise<StoredObject | undefined>;
  list(request: ListRequest): Promise<ListResult>;
  /** Batches of events; ends when the signal is aborted. Throws CompactedError, or WatcherTooSlowError for a reader that fell behind. */
  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<readonly StoreEvent[]>;
  /** Undefined where the name is taken. The object must not be changed afterwards; its resourceVersion is ignored. */
  create(object: KubernetesObject, ttlSeconds?: number): Promise<StoredObject | undefined>;
  /**
   * Optimistic update: begins from the cached object, tries again from the store's on a conflict. `change` returns the new
   * object, or the very one it was given for "nothing to do". Undefined where the object does not exist.
   */
  update(
    key: { namespace?: string; name: string },
    change: (current: StoredObject) => KubernetesObject | Promise<KubernetesObject>,
    ttlSeconds?: number,
  ): Promise<StoredObject | undefined>;
  /** Deletes once `check` does not throw; checked again on a conflict. Returns the last state, at the deletion's revision. */
  delete(
    key: { namespace?: string; name: string },
    check: (current: StoredObject) => void | Promise<void>,
  ): Promise<StoredObject | undefined>;
  /** Objects in the cache now, for metrics and quota. */
  readonly size: number;
  /** Bytes of all of them as they are stored. */
  readonly storedBytes: number;
}

/** A watcher whose bounded buffer is full: it is ended, and its client resumes from the last revision it saw. */
export class WatcherTooSlowError extends Error {
  override readonly name = 'WatcherTooSlowError';
}
