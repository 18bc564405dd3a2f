import type { Revision } from '../storage.ts';
import type { CacheEvent } from './cache-event.ts';

/** What the window of one resource holds at most; watches from further back are served from the store's history. */
const eventsMax = 4096;
const bytesMax = 8 * 1024 * 1024;
/** States this many changes back are kept as bytes only: watchers have long read them. */
const decodedMax = 256;

/** The most recent changes of one resource, oldest first. */
export class EventWindow {
  /** The first `#start` places are empty; they are cut off when they are half of it. */
  #events: (CacheEvent | undefined)[] = [];
  #start = 0;
  #bytes = 0;
  #floor: Revision;

  /** Nothing happened since `floor`, as far as the window knows. */
  constructor(floor: Revision) {
    this.#floor = floor;
  }

  /** Everything after this revision is here. */
  get floor(): Revision {
    return this.#floor;
  }

  /** Revision of the last change, the floor where there was none. */
  get lastRevision(): Revision {
    return this.#events.length > this.#start ? (this.#events.at(-1)?.revision ?? this.#floor) : this.#floor;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += sizeOf(event);
    this.#events[this.#events.length - 1 - decodedMax]?.previous?.forget();
    while (this.#events.length - this.#start > eventsMax || this.#bytes > bytesMax) this.#dropOldest();
  }

  /**
   * Drops the changes up to `revision`, which the store has compacted. Who has seen the last of them can still go on from
   * here, however long ago that was.
   */
  forget(revision: Revision): void {
    while (this.#start < this.#events.length && (this.#events[this.#start] as CacheEvent).revision <= revision) {
      this.#dropOldest();
    }
  }

  /** Changes after `revision`; undefined where some of them have left the window. */
  since(revision: Revision): CacheEvent[] | undefined {
    if (revision < this.#floor) return undefined;
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle] as CacheEvent).revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#events.slice(low) as CacheEvent[];
  }

  #dropOldest(): void {
    const oldest = this.#events[this.#start] as CacheEvent;
    this.#events[this.#start] = undefined;
    this.#start++;
    this.#bytes -= sizeOf(oldest);
    this.#floor = oldest.revision;
    if (this.#start * 2 <= this.#events.length) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }
}

/** Old states cost what they take; the newest one is in the cache anyway. */
function sizeOf(event: CacheEvent): number {
  return event.previous?.stored.length ?? 0;
}
