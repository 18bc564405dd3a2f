import type { Environment } from '@coracle/apimachinery/component';
import { endOfPrefix, keyOf, revisionOf } from '../local/index.ts';
import type {
  Freshness,
  ListRequest,
  ListResult,
  StoreEvent,
  StoredObject,
  WatchRequest,
} from '../object-store/object-store.ts';
import { type ObjectKey, storageKey } from '../object-store/keys.ts';
import type { LocalWrites } from '../object-store/local-writes.ts';
import { type EntryKind, StoredEntry } from '../object-store/stored-entry.ts';
import {
  CompactedError,
  type KeyRange,
  type KeyValue,
  type Revision,
  type Storage,
  type StorageEvent,
} from '../storage.ts';
import { CacheEvent } from './cache-event.ts';
import type { Feed, FeedMember } from './feed.ts';
import { type Beginning, FollowedWatch } from './followed-watch.ts';
import { listSnapshot } from './list-snapshot.ts';
import { type Snapshot, WatchCache } from './watch-cache.ts';
import { selectorOf, Watcher } from './watcher.ts';

/** Initial events are handed over in portions, so that a reader can begin to send before it has all of them. */
const initialEventsPortion = 500;
const loadRetryMs = 1000;

export interface CachedResourceDependencies {
  readonly storage: Storage;
  readonly feed: Feed;
  readonly environment: Environment;
  readonly writes: LocalWrites;
}

/** All reads of one resource: fills its cache from the feed and answers from it, from the store's history where it must. */
export class CachedResource implements FeedMember {
  readonly #kind: EntryKind;
  readonly #storage: Storage;
  readonly #feed: Feed;
  readonly #environment: Environment;
  readonly #writes: LocalWrites;
  readonly #range: KeyRange;
  readonly #cache: WatchCache;
  readonly #closed = new AbortController();
  /** Events that arrive while the state is read; undefined once it is. */
  #backlog: StorageEvent[] | undefined = [];
  #loading: Promise<void>;

  constructor(kind: EntryKind, { storage, feed, environment, writes }: CachedResourceDependencies) {
    this.#kind = kind;
    this.#storage = storage;
    this.#feed = feed;
    this.#environment = environment;
    this.#cache = new WatchCache(environment.clock);
    this.#writes = writes;
    this.#range = { start: kind.layout.root, end: endOfPrefix(kind.layout.root) };
    this.#loading = this.#load();
  }

  get size(): number {
    return this.#cache.size;
  }

  get storedBytes(): number {
    return this.#cache.storedBytes;
  }

  loaded(): Promise<void> {
    return this.#loading;
  }

  close(): void {
    this.#closed.abort();
    this.#cache.close();
  }

  // What the feed tells.

  get wantsBookmarks(): boolean {
    return this.#cache.wantsBookmarks;
  }

  apply(event: StorageEvent): void {
    if (this.#backlog !== undefined) {
      this.#backlog.push(event);
      return;
    }
    const current = event.type === 'put' ? this.#arrived(event.current) : undefined;
    if (event.type === 'put' && current === undefined) return;
    this.#cache.apply(keyOf(event), current, revisionOf(event));
  }

  bookmark(revision: Revision): void {
    if (this.#backlog === undefined) this.#cache.bookmark(revision);
  }

  forget(revision: Revision): void {
    this.#cache.forget(revision);
  }

  reload(): void {
    this.#cache.endWatches(new CompactedError(this.#feed.revision + 1));
    this.#backlog = [];
    this.#loading = this.#load();
  }

  // What readers ask.

  /** The newest state the cache knows, without waiting. */
  peek(key: ObjectKey): StoredEntry | undefined {
    return this.#cache.get(storageKey(this.#kind.layout, key));
  }

  /** The entry of what the store holds: the cached one, the one of a write under way, or a new one. */
  entryOf(item: KeyValue): StoredEntry | undefined {
    const cached = this.#cache.get(item.key);
    if (cached?.revision === item.modRevision) return cached;
    return this.#writes.recognize(item) ?? StoredEntry.read(this.#kind, item);
  }

  async get(key: ObjectKey, freshness: Freshness): Promise<StoredObject | undefined> {
    return this.#read(freshness, ({ objects }) => objects.get(storageKey(this.#kind.layout, key)));
  }

  async list(request: ListRequest): Promise<ListResult> {
    return this.#read(request.freshness, ({ objects, revision }) => {
      const page = listSnapshot(objects, this.#kind.layout, request);
      // The next page asks for this revision again.
      if (page.more !== undefined) this.#cache.keep(revision, objects);
      return { ...page, revision };
    });
  }

  watch(request: WatchRequest, signal: AbortSignal): AsyncIterable<readonly StoreEvent[]> {
    return new FollowedWatch(this.#beginWatch(request, AbortSignal.any([signal, this.#closed.signal])));
  }

  /** Tells what came before the watcher that it returns; undefined where the watch has ended. */
  async *#beginWatch(request: WatchRequest, stop: AbortSignal): Beginning {
    const begin = await this.#beginningOf(request);
    if (stop.aborted) return undefined;
    let watcher = this.#attach(request, begin.revision, stop);
    if (begin.initial !== undefined) {
      let told = false;
      try {
        yield* initialEvents(begin.initial, request.bookmarks ? begin.revision : undefined);
        told = true;
      } finally {
        if (!told) watcher?.mailbox.end();
      }
    }
    if (watcher === undefined) {
      const reached = yield* this.#replay(request, begin.revision, stop);
      if (reached === undefined) return undefined;
      watcher = this.#attach(request, reached, stop);
    }
    request.initialized?.();
    return watcher;
  }

  /** Follows until `stop`; undefined where the changes after `revision` have left the window. */
  #attach(request: WatchRequest, revision: Revision, stop: AbortSignal): Watcher | undefined {
    const watcher = new Watcher(request, revision);
    if (!this.#cache.attach(watcher, revision)) return undefined;
    const { mailbox } = watcher;
    const end = () => mailbox.end();
    stop.addEventListener('abort', end, { once: true });
    mailbox.onEnd(() => {
      stop.removeEventListener('abort', end);
      this.#cache.detach(watcher);
    });
    if (stop.aborted) end();
    return watcher;
  }

  /** Where a watch begins, with what it shows first. */
  async #beginningOf(request: WatchRequest): Promise<{ revision: Revision; initial?: readonly StoredObject[] }> {
    const { from } = request;
    if (from.type === 'initial-events') {
      return this.#read(from.freshness, ({ objects, revision }) => {
        return { revision, initial: listSnapshot(objects, this.#kind.layout, request).items };
      });
    }
    await this.#loading;
    if (from.type === 'after') await this.#reach(from.revision);
    return { revision: from.type === 'now' ? this.#revision : from.revision };
  }

  /**
   * Changes that have left the window, from the store's history. Returns the revision up to which it has told everything
   * once that is in the window; undefined where the watch has ended.
   */
  async *#replay(
    request: WatchRequest,
    after: Revision,
    stop: AbortSignal,
  ): AsyncGenerator<readonly StoreEvent[], Revision | undefined> {
    const finished = new AbortController();
    const signal = AbortSignal.any([stop, finished.signal]);
    const selects = selectorOf(request);
    try {
      const history = this.#storage.watch(this.#range, { fromRevision: after + 1 }, signal);
      const progress = this.#storage.requestProgress();
      for await (const { events, revision } of history) {
        const seen = events.flatMap((event) => this.#historicEvent(event)?.seenBy(selects) ?? []);
        if (seen.length > 0) yield seen;
        if (revision >= this.#cache.windowFloor) return revision;
      }
      await progress;
      return undefined;
    } finally {
      finished.abort();
    }
  }

  #historicEvent(event: StorageEvent): CacheEvent | undefined {
    const current = event.type === 'put' ? StoredEntry.read(this.#kind, event.current) : undefined;
    const previous = event.previous && StoredEntry.read(this.#kind, event.previous);
    return current || previous ? new CacheEvent(revisionOf(event), current, previous) : undefined;
  }

  get #revision(): Revision {
    return Math.max(this.#feed.revision, this.#cache.loadedRevision);
  }

  /** Calls `use` with a state that is fresh enough, and without a turn in between: the state changes in place. */
  async #read<T>(freshness: Freshness, use: (state: { objects: Snapshot; revision: Revision }) => T): Promise<T> {
    if (this.#backlog !== undefined) await this.#loading;
    if (freshness.type === 'exact') {
      const { revision } = freshness;
      if (revision < this.#storage.compactedRevision) throw new CompactedError(this.#storage.compactedRevision);
      await this.#reach(revision);
      const objects = this.#cache.stateAt(revision) ?? (await this.#stateFromStore(revision));
      return use({ objects, revision });
    }
    if (freshness.type === 'newest') await this.#feed.reachNewest();
    else if (freshness.type === 'at-least') await this.#reach(freshness.revision);
    return use({ objects: this.#cache.objects, revision: this.#revision });
  }

  async #reach(revision: Revision): Promise<void> {
    if (revision > this.#revision) await this.#feed.reach(revision);
  }

  async #stateFromStore(revision: Revision): Promise<Snapshot> {
    const { items } = await this.#storage.range(this.#range, { revision });
    const state = WatchCache.snapshotOf(items.flatMap((item) => StoredEntry.read(this.#kind, item) ?? []));
    this.#cache.keep(revision, state);
    return state;
  }

  #arrived(item: KeyValue): StoredEntry | undefined {
    return this.#writes.see(item) ?? StoredEntry.read(this.#kind, item);
  }

  async #load(): Promise<void> {
    const state = await this.#readState();
    if (state === undefined) return;
    this.#cache.load(
      state.items.flatMap((item) => this.entryOf(item) ?? []),
      state.revision,
    );
    this.#writes.forget(state.revision);
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const event of backlog) this.apply(event);
  }

  /** Undefined when the resource was closed meanwhile. */
  async #readState() {
    while (!this.#closed.signal.aborted) {
      try {
        await this.#feed.started();
        return await this.#storage.range(this.#range);
      } catch (error) {
        if (this.#feed.signal.aborted) return undefined;
        const cause = error instanceof Error ? error.message : String(error);
        this.#environment.log.warn('cannot read a resource from the store', { range: this.#range.start, error: cause });
        await this.#environment.clock.sleep(loadRetryMs, this.#closed.signal).catch(() => {});
      }
    }
    return undefined;
  }
}

/** What a watch shows first; then the mark of its end at `end`, for those who take bookmarks. */
function* initialEvents(objects: readonly StoredObject[], end: Revision | undefined): Iterable<readonly StoreEvent[]> {
  for (let start = 0; start < objects.length; start += initialEventsPortion) {
    const portion = objects.slice(start, start + initialEventsPortion);
    yield portion.map((object) => ({ type: 'ADDED', object }) as const);
  }
  if (end !== undefined) yield [{ type: 'BOOKMARK', revision: end, initialEventsEnd: true }];
}
