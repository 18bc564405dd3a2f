import type { StoredEntry } from '../object-store/stored-entry.ts';
import type { CacheEvent } from './cache-event.ts';
import type { Watcher } from './watcher.ts';

/** Finds the watchers an event may concern: those of its object, its namespace or one of its fields, and those of everything. */
export class WatcherIndex {
  readonly #all = new Set<Watcher>();
  readonly #everything = new Set<Watcher>();
  readonly #byName = new Map<string, Set<Watcher>>();
  readonly #byNamespace = new Map<string, Set<Watcher>>();
  /** By field name, then by value. */
  readonly #byField = new Map<string, Map<string, Set<Watcher>>>();
  #wantingBookmarks = 0;

  get wantingBookmarks(): number {
    return this.#wantingBookmarks;
  }

  [Symbol.iterator](): Iterator<Watcher> {
    return this.#all.values();
  }

  add(watcher: Watcher): void {
    this.#all.add(watcher);
    if (watcher.bookmarks) this.#wantingBookmarks++;
    const { bucket, value } = this.#placeOf(watcher);
    if (bucket === undefined) {
      this.#everything.add(watcher);
      return;
    }
    const watchers = bucket.get(value);
    if (watchers === undefined) bucket.set(value, new Set([watcher]));
    else watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    if (!this.#all.delete(watcher)) return;
    if (watcher.bookmarks) this.#wantingBookmarks--;
    this.#everything.delete(watcher);
    const { bucket, value } = this.#placeOf(watcher);
    const watchers = bucket?.get(value);
    watchers?.delete(watcher);
    if (watchers?.size === 0) bucket?.delete(value);
  }

  /** Gives the event to everybody it concerns. */
  offer(event: CacheEvent): void {
    if (this.#all.size === 0) return;
    const { current, previous } = event;
    const entry = (current ?? previous) as StoredEntry;
    this.#offerTo(this.#everything, event);
    this.#offerTo(this.#byName.get(entry.name), event);
    if (entry.namespace !== undefined) this.#offerTo(this.#byNamespace.get(entry.namespace), event);
    for (const [field, watchers] of this.#byField) {
      if (watchers.size === 0) continue;
      const now = current?.fields[field];
      const before = previous?.fields[field];
      if (now !== undefined) this.#offerTo(watchers.get(now), event);
      if (before !== undefined && before !== now) this.#offerTo(watchers.get(before), event);
    }
  }

  #offerTo(watchers: ReadonlySet<Watcher> | undefined, event: CacheEvent): void {
    if (watchers === undefined) return;
    for (const watcher of watchers) watcher.offer(event);
  }

  #placeOf({ selection }: Watcher): { bucket: Map<string, Set<Watcher>> | undefined; value: string } {
    if (selection.name !== undefined) return { bucket: this.#byName, value: selection.name };
    if (selection.equals !== undefined) {
      const { field, value } = selection.equals;
      let bucket = this.#byField.get(field);
      if (bucket === undefined) {
        bucket = new Map();
        this.#byField.set(field, bucket);
      }
      return { bucket, value };
    }
    if (selection.namespace !== undefined) return { bucket: this.#byNamespace, value: selection.namespace };
    return { bucket: undefined, value: '' };
  }
}
