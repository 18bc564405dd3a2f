import type { Clock } from '@coracle/apimachinery/clock';

/** After this long an unseen write is taken for lost and the owner is worked on again. */
const expectationTimeoutMs = 5 * 60_000;

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly since: number;
}

/**
 * Writes that the informer has not shown yet, a row per owner. While a row waits, counting children in the cache would
 * count wrongly, so the owner's reconcile creates and deletes nothing (upstream's ControllerExpectations).
 */
export class Expectations {
  readonly #rows = new Map<string, Expected>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  expect(owner: string, creations: number, deletions: readonly string[] = []): void {
    this.#rows.set(owner, { creations, deletions: new Set(deletions), since: this.#clock.monotonic() });
  }

  creationObserved(owner: string): void {
    const row = this.#rows.get(owner);
    if (row) row.creations--;
  }

  deletionObserved(owner: string, uid: string): void {
    this.#rows.get(owner)?.deletions.delete(uid);
  }

  satisfied(owner: string): boolean {
    const row = this.#rows.get(owner);
    if (!row) return true;
    if (row.creations <= 0 && row.deletions.size === 0) return true;
    return this.#clock.monotonic() - row.since > expectationTimeoutMs;
  }

  forget(owner: string): void {
    this.#rows.delete(owner);
  }
}
