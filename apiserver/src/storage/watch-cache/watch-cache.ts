import type { Clock } from '@coracle/apimachinery/clock';
import { createOrderedMap, type OrderedMap } from '../local/index.ts';
import type { StoredEntry } from '../object-store/stored-entry.ts';
import type { Revision } from '../storage.ts';
import { CacheEvent } from './cache-event.ts';
import { EventWindow } from './event-window.ts';
import { PagedStates } from './paged-states.ts';
import type { Watcher } from './watcher.ts';
import { WatcherIndex } from './watcher-index.ts';

export type Snapshot = OrderedMap<StoredEntry>;

/**
 * One resource: its objects by key, its recent changes, its watchers. Changes come in the order of the store, from one
 * feed; readers see whole states only, because nothing here waits.
 */
export class WatchCache {
  #objects: Snapshot = createOrderedMap<StoredEntry>();
  #storedBytes = 0;
  #window = new EventWindow(0);
  /** The state of the objects is at least of this revision; older events are already in it. */
  #loadedRevision: Revision = 0;
  readonly #watchers = new WatcherIndex();
  readonly #paged: PagedStates;

  constructor(clock: Clock) {
    this.#paged = new PagedStates(clock);
  }

  static snapshotOf(entries: Iterable<StoredEntry>): Snapshot {
    const objects = createOrderedMap<StoredEntry>();
    for (const entry of entries) objects.set(entry.key, entry);
    return objects;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Bytes of all objects as they are stored. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  get objects(): Snapshot {
    return this.#objects;
  }

  get loadedRevision(): Revision {
    return this.#loadedRevision;
  }

  get wantsBookmarks(): boolean {
    return this.#watchers.wantingBookmarks > 0;
  }

  /** Starts over with a whole state. */
  load(entries: Iterable<StoredEntry>, revision: Revision): void {
    this.#objects = WatchCache.snapshotOf(entries);
    this.#storedBytes = 0;
    for (const entry of this.#objects.values()) this.#storedBytes += entry.stored.length;
    this.#window = new EventWindow(revision);
    this.#loadedRevision = revision;
    this.#paged.clear();
  }

  get(key: string): StoredEntry | undefined {
    return this.#objects.get(key);
  }

  /** Takes in the next change: a new state, or undefined for a deletion. */
  apply(key: string, current: StoredEntry | undefined, revision: Revision): void {
    if (revision <= this.#loadedRevision) return;
    const previous = this.#objects.get(key);
    if (current === undefined && previous === undefined) return;
    if (current === undefined) this.#objects.delete(key);
    else this.#objects.set(key, current);
    this.#storedBytes += (current?.stored.length ?? 0) - (previous?.stored.length ?? 0);
    const event = new CacheEvent(revision, current, previous);
    this.#window.push(event);
    this.#watchers.offer(event);
  }

  /** Drops the changes up to `revision`. */
  forget(revision: Revision): void {
    this.#window.forget(revision);
  }

  /** The state at `revision`, which must not be newer than the feed; undefined where it is not known here any more. */
  stateAt(revision: Revision): Snapshot | undefined {
    if (revision >= this.#window.lastRevision && revision >= this.#loadedRevision) return this.#objects;
    const kept = this.#paged.get(revision);
    if (kept !== undefined) return kept;
    const later = this.#window.since(revision);
    if (later === undefined) return undefined;
    const state = undo(this.#objects, later);
    this.keep(revision, state);
    return state;
  }

  /** Remembers a state that a client pages through. */
  keep(revision: Revision, state: Snapshot): void {
    this.#paged.keep(revision, state === this.#objects ? state.clone() : state);
  }

  /** Everything from the first revision on is in the window. */
  get windowFloor(): Revision {
    return this.#window.floor;
  }

  /** Gives the watcher all changes after `revision`, past and future. False where some of them are not known here any more. */
  attach(watcher: Watcher, revision: Revision): boolean {
    const past = this.#window.since(revision);
    if (past === undefined) return false;
    for (const event of past) watcher.offer(event);
    this.#watchers.add(watcher);
    return true;
  }

  detach(watcher: Watcher): void {
    this.#watchers.remove(watcher);
  }

  bookmark(revision: Revision): void {
    for (const watcher of this.#watchers) watcher.bookmark(revision);
  }

  close(): void {
    this.#paged.clear();
    this.endWatches();
  }

  /** Ends every watch, quietly or with an error that makes clients list again. */
  endWatches(error?: Error): void {
    for (const { mailbox } of this.#watchers) {
      if (error === undefined) mailbox.end();
      else mailbox.fail(error);
    }
  }
}

function undo(current: Snapshot, events: readonly CacheEvent[]): Snapshot {
  const state = current.clone();
  for (let index = events.length - 1; index >= 0; index--) {
    const { current: after, previous } = events[index] as CacheEvent;
    if (previous !== undefined) state.set(previous.key, previous);
    else if (after !== undefined) state.delete(after.key);
  }
  return state;
}
