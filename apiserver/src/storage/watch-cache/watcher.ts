import { Mailbox } from '../local/index.ts';
import {
  type Selection,
  type StoreEvent,
  WatcherTooSlowError,
  type WatchRequest,
} from '../object-store/object-store.ts';
import type { StoredEntry } from '../object-store/stored-entry.ts';
import type { Revision } from '../storage.ts';
import type { CacheEvent } from './cache-event.ts';

/** Events that wait for one reader. A reader that is further behind is ended, and comes back from where it was. */
const watcherBufferEventsMax = 10_000;

/** One reader of changes. */
export class Watcher {
  readonly selection: Selection;
  readonly bookmarks: boolean;
  readonly mailbox = new Mailbox<StoreEvent>();
  readonly #selects: (entry: StoredEntry) => boolean;
  /** The reader has been told everything up to here. */
  #toldRevision: Revision;

  /** To be called once it has everything that was there when it began. */
  readonly initialized: () => void;

  constructor(request: WatchRequest, fromRevision: Revision) {
    this.selection = request;
    this.bookmarks = request.bookmarks;
    this.initialized = request.initialized ?? (() => {});
    this.#toldRevision = fromRevision;
    this.#selects = selectorOf(request);
  }

  /** True where the event concerns this reader, who must then be woken. */
  offer(event: CacheEvent): boolean {
    const seen = event.seenBy(this.#selects);
    if (seen === undefined) return false;
    this.#toldRevision = event.revision;
    this.#push(seen);
    return true;
  }

  bookmark(revision: Revision): void {
    if (!this.bookmarks || revision <= this.#toldRevision) return;
    this.#toldRevision = revision;
    this.#push({ type: 'BOOKMARK', revision, initialEventsEnd: false });
    this.mailbox.wake();
  }

  #push(event: StoreEvent): void {
    if (this.mailbox.size < watcherBufferEventsMax) this.mailbox.push(event);
    else this.mailbox.fail(new WatcherTooSlowError(`more than ${watcherBufferEventsMax} events wait for this watcher`));
  }
}

export function selectorOf({ namespace, name, matches }: Selection): (entry: StoredEntry) => boolean {
  if (namespace === undefined && name === undefined) return matches ?? (() => true);
  return (entry) =>
    (namespace === undefined || entry.namespace === namespace) &&
    (name === undefined || entry.name === name) &&
    (matches === undefined || matches(entry));
}
