import type { Clock, Timer } from '@coracle/apimachinery/clock';
import type { Revision } from '../storage.ts';

/** Keys that fall due within this time of each other are deleted together. */
const granularityMs = 1000;
/** Longer waits are cut up: the platform's timers count to 2^31 milliseconds. */
const timerMsMax = 2 ** 31 - 1;

export interface ExpiringKey {
  readonly key: string;
  /** The revision that set the time: a later write makes it void. */
  readonly revision: Revision;
}

/** Remembers which keys end when, and tells it in batches. One timer at most, none while nothing is due to end. */
export class Expiry {
  readonly #clock: Clock;
  readonly #expire: (due: readonly ExpiringKey[]) => void;
  /** Due keys by the end of their time slot, in milliseconds since 1970. */
  readonly #slots = new Map<number, ExpiringKey[]>();
  #timer: { readonly at: number; readonly timer: Timer } | undefined;
  #closed = false;

  constructor(clock: Clock, expire: (due: readonly ExpiringKey[]) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  add(key: string, revision: Revision, atMs: number): void {
    const slot = Math.ceil(atMs / granularityMs) * granularityMs;
    const keys = this.#slots.get(slot);
    if (keys !== undefined) {
      keys.push({ key, revision });
      return;
    }
    this.#slots.set(slot, [{ key, revision }]);
    this.#arm(slot);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.timer.cancel();
    this.#slots.clear();
  }

  #arm(at: number): void {
    if (this.#closed || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.#timer?.timer.cancel();
    const delayMs = Math.min(Math.max(0, at - this.#clock.now()), timerMsMax);
    this.#timer = { at, timer: this.#clock.after(delayMs, () => this.#fire()) };
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    const due: ExpiringKey[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [slot, keys] of this.#slots) {
      if (slot <= now) {
        for (const key of keys) due.push(key);
        this.#slots.delete(slot);
      } else if (slot < next) next = slot;
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(next);
    if (due.length > 0) this.#expire(due);
  }
}
