import type { StoreEvent } from '../object-store/object-store.ts';
import type { StoredEntry } from '../object-store/stored-entry.ts';
import type { Revision } from '../storage.ts';

/** One change of one object, with the events it can become for a watcher: made at most once, shared by all of them. */
export class CacheEvent {
  readonly revision: Revision;
  /** Undefined for a deletion. */
  readonly current: StoredEntry | undefined;
  /** Undefined for a creation. */
  readonly previous: StoredEntry | undefined;
  #added: StoreEvent | undefined;
  #modified: StoreEvent | undefined;
  #deleted: StoreEvent | undefined;

  constructor(revision: Revision, current: StoredEntry | undefined, previous: StoredEntry | undefined) {
    this.revision = revision;
    this.current = current;
    this.previous = previous;
  }

  /** What somebody sees who looks at objects that `selects` accepts; undefined for nothing. */
  seenBy(selects: (entry: StoredEntry) => boolean): StoreEvent | undefined {
    const { current, previous, revision } = this;
    const is = current !== undefined && selects(current);
    const was = previous !== undefined && selects(previous);
    if (is && was) {
      this.#modified ??= { type: 'MODIFIED', object: current };
      return this.#modified;
    }
    if (is) {
      this.#added ??= { type: 'ADDED', object: current };
      return this.#added;
    }
    if (was) {
      this.#deleted ??= { type: 'DELETED', object: previous.at(revision) };
      return this.#deleted;
    }
    return undefined;
  }
}
