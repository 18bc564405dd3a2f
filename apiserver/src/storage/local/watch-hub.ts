import type { KeyRange, Revision, StorageEvent, WatchBatch } from '../storage.ts';
import { Mailbox } from './mailbox.ts';
import { isInRange, keyOf, revisionOf } from './mvcc.ts';

/** Passes commits on to the watchers of this process. */
export class WatchHub {
  readonly #watchers = new Set<Watcher>();

  /** Tells everybody what was committed, in order; `revision` is that of the last event. */
  publish(events: readonly StorageEvent[], revision: Revision): void {
    for (const watcher of this.#watchers) {
      const wanted = events.filter((event) => watcher.wants(event));
      if (wanted.length === 0) continue;
      watcher.mailbox.push({ events: wanted, revision });
      watcher.mailbox.wake();
    }
  }

  /** Tells everybody that there is nothing more up to `revision`. */
  progress(revision: Revision): void {
    for (const watcher of this.#watchers) {
      if (revision + 1 < watcher.fromRevision) continue;
      watcher.mailbox.push({ events: [], revision });
      watcher.mailbox.wake();
    }
  }

  /** Takes part from the next publish on, in events of `fromRevision` and later. Leaving frees the watcher. */
  join(range: KeyRange, fromRevision: Revision): { mailbox: Mailbox<WatchBatch>; leave(): void } {
    const watcher = new Watcher(range, fromRevision);
    this.#watchers.add(watcher);
    return { mailbox: watcher.mailbox, leave: () => this.#watchers.delete(watcher) };
  }

  end(error: Error | undefined): void {
    for (const { mailbox } of this.#watchers) {
      if (error === undefined) mailbox.end();
      else mailbox.fail(error);
    }
    this.#watchers.clear();
  }
}

class Watcher {
  readonly mailbox = new Mailbox<WatchBatch>();
  readonly range: KeyRange;
  readonly fromRevision: Revision;

  constructor(range: KeyRange, fromRevision: Revision) {
    this.range = range;
    this.fromRevision = fromRevision;
  }

  wants(event: StorageEvent): boolean {
    return isInRange(keyOf(event), this.range) && revisionOf(event) >= this.fromRevision;
  }
}

/**
 * Past events first, then everything that arrives in the mailbox, until the signal is aborted. `past` is asked at once,
 * before anything else can be published; what it throws ends the watch.
 */
export function replayThenFollow(
  past: () => AsyncIterable<WatchBatch> | Iterable<WatchBatch>,
  subscription: { mailbox: Mailbox<WatchBatch>; leave(): void },
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  try {
    return follow(past(), subscription, signal);
  } catch (error) {
    subscription.leave();
    return failWith(error);
  }
}

function failWith(error: unknown): AsyncIterable<WatchBatch> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

async function* follow(
  past: AsyncIterable<WatchBatch> | Iterable<WatchBatch>,
  subscription: { mailbox: Mailbox<WatchBatch>; leave(): void },
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  const { mailbox, leave } = subscription;
  const stop = () => mailbox.end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const batch of past) {
      if (signal.aborted) return;
      if (batch.events.length > 0) yield batch;
    }
    if (signal.aborted) return;
    for await (const batches of mailbox) {
      if (signal.aborted) return;
      for (const batch of batches) yield batch;
    }
  } finally {
    leave();
    signal.removeEventListener('abort', stop);
  }
}
