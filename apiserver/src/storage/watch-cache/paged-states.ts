import type { Clock, Timer } from '@coracle/apimachinery/clock';
import type { Revision } from '../storage.ts';
import type { Snapshot } from './watch-cache.ts';

const statesMax = 16;
/**
 * A state that nobody has asked for this long is forgotten, as it keeps every object alive that has changed since. A client
 * that takes longer to its next page gets it from the store's history.
 */
const unusedMs = 10_000;

interface Kept {
  readonly state: Snapshot;
  readonly expiry: Timer;
}

/** States of lists that clients page through. */
export class PagedStates {
  readonly #clock: Clock;
  /** By revision, the longest unused first. */
  readonly #states = new Map<Revision, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(revision: Revision): Snapshot | undefined {
    const state = this.#states.get(revision)?.state;
    if (state !== undefined) this.keep(revision, state);
    return state;
  }

  keep(revision: Revision, state: Snapshot): void {
    this.#forget(revision);
    this.#states.set(revision, { state, expiry: this.#clock.after(unusedMs, () => this.#forget(revision)) });
    const [longestUnused = revision] = this.#states.keys();
    if (this.#states.size > statesMax) this.#forget(longestUnused);
  }

  clear(): void {
    for (const revision of this.#states.keys()) this.#forget(revision);
  }

  #forget(revision: Revision): void {
    this.#states.get(revision)?.expiry.cancel();
    this.#states.delete(revision);
  }
}
