/** Seconds. */
const retryAfterMax = 32;

/**
 * How long clients that a level turns away are asked to wait: longer while many are turned away, as TCP does it.
 * Source: pkg/util/flowcontrol/dropped_requests_tracker.go.
 */
export class RetryAfter {
  #seconds = 1;
  /** The second in which it last grew. */
  #grown = 0;
  /** Requests turned away, second by second, the current one last. */
  #history: { readonly second: number; count: number }[] = [];

  /** Notes a request turned away. Returns the seconds to tell it. */
  note(second: number): number {
    const current = this.#history.at(-1);
    if (current?.second === second) {
      current.count++;
      return this.#seconds;
    }
    this.#adjust(second);
    const horizon = Math.min(2 * this.#seconds, retryAfterMax);
    this.#history = [...this.#history.filter((entry) => second - entry.second <= horizon), { second, count: 1 }];
    return this.#seconds;
  }

  #adjust(now: number): void {
    const seconds = this.#seconds;
    let dropped = 0;
    for (const { second, count } of this.#history) if (now - second <= seconds && second < now) dropped += count;
    if (now - this.#grown >= seconds && dropped >= 3 * seconds) {
      this.#seconds = Math.min(2 * seconds, retryAfterMax);
      this.#grown = now;
    } else if (dropped < seconds && seconds > 1) {
      this.#seconds = seconds - 1;
    }
  }
}
