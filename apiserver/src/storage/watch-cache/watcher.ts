import { Turns } from '../../turns/index.ts';
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

/**
 * What one write changes is told to thousands: whoever wrote has the answer before that, and requests that come meanwhile do
 * not wait for the last of them.
 */
const turns = new Turns(16);

/** What waits for one reader. A reader that is further behind is ended, and comes back from where it was. */
const watcherBufferEventsMax = 10_000;
/** Of objects as they are stored. */
const watcherBufferBytesMax = 64 * 1024 * 1024;

/** One reader of changes. */
export class Watcher {
  readonly selection: WatchRequest;
  readonly mailbox = new Mailbox<StoreEvent>();
  readonly #selects: (entry: StoredEntry) => boolean;
  /** The reader has been told everything up to here. */
  #toldRevision: Revision;
  #waitingBytes = 0;
  #due = false;

  constructor(request: WatchRequest, fromRevision: Revision) {
    this.selection = request;
    this.#toldRevision = fromRevision;
    this.#selects = selectorOf(request);
  }

  get bookmarks(): boolean {
    return this.selection.bookmarks;
  }

  /** The reader gets the event in one of the next turns, with what comes until then, where it concerns it. */
  offer(event: CacheEvent): void {
    const seen = event.seenBy(this.#selects);
    if (seen === undefined) return;
    this.#toldRevision = event.revision;
    this.#push(seen, (event.current ?? event.previous)?.size);
    if (this.#due) return;
    this.#due = true;
    turns.later(this.#turn);
  }

  readonly #turn = (): void => {
    this.#due = false;
    this.mailbox.wake();
  };

  bookmark(revision: Revision): void {
    if (!this.bookmarks || revision <= this.#toldRevision) return;
    this.#toldRevision = revision;
    this.#push({ type: 'BOOKMARK', revision, initialEventsEnd: false });
    this.mailbox.wake();
  }

  #push(event: StoreEvent, bytes = 0): void {
    if (this.mailbox.size === 0) this.#waitingBytes = 0;
    this.#waitingBytes += bytes;
    if (this.mailbox.size < watcherBufferEventsMax && this.#waitingBytes <= watcherBufferBytesMax) {
      this.mailbox.push(event);
      return;
    }
    this.mailbox.fail(
      new WatcherTooSlowError(`${this.mailbox.size} events of ${this.#waitingBytes} bytes wait for this watcher`),
    );
    this.selection.onTooSlow?.();
  }
}

export function selectorOf({ namespace, name, matches }: Selection): (entry: StoredEntry) => boolean {
  if (namespace === undefined && name === undefined) return matches ?? (() => true);
  return (entry) =>
    (namespace === undefined || entry.namespace === namespace) &&
    (name === undefined || entry.name === name) &&
    (matches === undefined || matches(entry));
}
