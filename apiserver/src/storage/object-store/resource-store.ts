import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Commit, CommitResult, KeyValue, Storage } from '../storage.ts';
import type { CachedResource } from '../watch-cache/index.ts';
import { encodeForStorage } from './encode.ts';
import { type ObjectKey, storageKey } from './keys.ts';
import type { LocalWrites } from './local-writes.ts';
import type { Freshness, ListRequest, ResourceStore, StoredObject, WatchRequest } from './object-store.ts';
import { sameJson } from './same-json.ts';
import { type EntryKind, StoredEntry } from './stored-entry.ts';

/** What a write begins from. */
interface Base {
  readonly entry: StoredEntry;
  /** Read from the store itself, not from the cache, which may be behind. */
  readonly certain: boolean;
  /** Must be written again even where nothing changes: see `KeyValue.stale`. */
  readonly stale: boolean;
}

/** Reads through the cache, writes to the store. */
export class CachedResourceStore implements ResourceStore {
  readonly cached: CachedResource;
  readonly #kind: EntryKind;
  readonly #storage: Storage;
  readonly #writes: LocalWrites;

  constructor(kind: EntryKind, storage: Storage, writes: LocalWrites, cached: CachedResource) {
    this.#kind = kind;
    this.#storage = storage;
    this.#writes = writes;
    this.cached = cached;
  }

  get size(): number {
    return this.cached.size;
  }

  get storedBytes(): number {
    return this.cached.storedBytes;
  }

  get(key: ObjectKey, freshness: Freshness) {
    return this.cached.get(key, freshness);
  }

  list(request: ListRequest) {
    return this.cached.list(request);
  }

  watch(request: WatchRequest, signal: AbortSignal) {
    return this.cached.watch(request, signal);
  }

  async create(object: KubernetesObject, ttlSeconds?: number): Promise<StoredObject | undefined> {
    const { namespace, name = '' } = object.metadata ?? {};
    const key = storageKey(this.#kind.layout, { namespace, name });
    const value = encodeForStorage(object);
    const result = await this.#put(object, {
      key,
      value,
      expected: 0,
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
    return result.written;
  }

  async update(
    key: ObjectKey,
    change: (current: StoredObject) => KubernetesObject | Promise<KubernetesObject>,
    ttlSeconds?: number,
  ): Promise<StoredObject | undefined> {
    const path = storageKey(this.#kind.layout, key);
    let base = await this.#base(key, path);
    while (base !== undefined) {
      const { entry } = base;
      const next = await this.#attempt(base, () => change(entry));
      if (next.type === 'stale') {
        base = next.base;
        continue;
      }
      const value = next.result === entry.object ? entry.stored : encodeForStorage(next.result);
      if (!base.stale && sameJson(value, entry.stored, next.result, entry)) {
        if (base.certain) return entry;
        const newest = await this.#read(path);
        if (newest?.entry.revision === entry.revision && !newest.stale) return entry;
        base = newest;
        continue;
      }
      const commit = {
        key: path,
        value,
        expected: entry.revision,
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      };
      const { written, conflict } = await this.#put(next.result, commit);
      if (written !== undefined) return written;
      base = this.#baseOf(conflict);
    }
    return undefined;
  }

  async delete(
    key: ObjectKey,
    check: (current: StoredObject) => void | Promise<void>,
  ): Promise<StoredObject | undefined> {
    const path = storageKey(this.#kind.layout, key);
    let base = await this.#base(key, path);
    while (base !== undefined) {
      const { entry } = base;
      const checked = await this.#attempt(base, () => check(entry));
      if (checked.type === 'stale') {
        base = checked.base;
        continue;
      }
      const result = await this.#storage.commit({ key: path, expected: entry.revision });
      if (result.ok) return entry.at(result.revision);
      base = this.#baseOf(result.current);
    }
    return undefined;
  }

  async #put(object: KubernetesObject, commit: Commit & { value: Uint8Array }) {
    const write = this.#writes.begin(commit.key, commit.value, object);
    let result: CommitResult;
    try {
      result = await this.#storage.commit(commit);
    } catch (error) {
      this.#writes.fail(commit.key, write);
      throw error;
    }
    if (result.ok) return { written: this.#writes.succeed(commit.key, write, result.revision), conflict: undefined };
    this.#writes.fail(commit.key, write);
    return { written: undefined, conflict: result.current };
  }

  /** Runs one step of a write. A refusal that was decided on an outdated state does not count. */
  async #attempt<T>(
    base: Base,
    step: () => T | Promise<T>,
  ): Promise<{ type: 'done'; result: T } | { type: 'stale'; base: Base | undefined }> {
    try {
      return { type: 'done', result: await step() };
    } catch (error) {
      if (base.certain) throw error;
      const newest = await this.#read(base.entry.key);
      if (newest?.entry.revision === base.entry.revision) throw error;
      return { type: 'stale', base: newest };
    }
  }

  /** The cached state, or the store's where the cache has none: it may be behind. */
  async #base(key: ObjectKey, path: string): Promise<Base | undefined> {
    await this.cached.loaded();
    const entry = this.cached.peek(key);
    return entry === undefined ? this.#read(path) : { entry, certain: false, stale: false };
  }

  async #read(path: string): Promise<Base | undefined> {
    return this.#baseOf((await this.#storage.get(path)).item);
  }

  #baseOf(item: KeyValue | undefined): Base | undefined {
    const entry = item && this.cached.entryOf(item);
    return entry && { entry, certain: true, stale: item.stale === true };
  }
}
