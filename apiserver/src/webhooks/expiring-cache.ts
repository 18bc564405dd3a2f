import type { Clock } from '@coracle/apimachinery/clock';

interface Entry<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** Values that are good for a while, at most so many; the one that was not used for longest goes first. */
export class ExpiringCache<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Pick<Clock, 'monotonic'>, entriesMax: number) {
    this.#clock = clock;
    this.#entriesMax = entriesMax;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.#clock.monotonic()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Nothing is kept for a `ttlMs` of 0. */
  set(key: string, value: T, ttlMs: number): void {
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    this.#entries.set(key, { value, untilMs: this.#clock.monotonic() + ttlMs });
    if (this.#entries.size <= this.#entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
