import type { Clock, Timer } from '@coracle/apimachinery/clock';

export interface VirtualClock extends Clock {
  /**
   * Moves time forward, calling every timer that falls due in order and letting the work it starts settle before the next
   * one. Resolves when nothing more is due.
   */
  advance(milliseconds: number): Promise<void>;
  /** Lets work that waits for nothing but its turn finish, without moving time. */
  settle(): Promise<void>;
  /** Timers that wait. */
  readonly pendingTimers: number;
}

interface Entry {
  readonly due: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** Turns of the event loop that asynchronous work gets to finish in between two timers. */
const settleTurns = 4;

/** Time that moves only when a test says so. `startMs` is the wall clock's beginning, 2026-01-01T00:00:00Z by default. */
export function createVirtualClock(startMs: number = Date.UTC(2026, 0, 1)): VirtualClock {
  let elapsed = 0;
  let sequence = 0;
  const entries = new Set<Entry>();

  const after = (delayMs: number, callback: () => void): Timer => {
    const entry: Entry = { due: elapsed + Math.max(0, delayMs), sequence: sequence++, callback };
    entries.add(entry);
    return { cancel: () => entries.delete(entry) };
  };

  const takeDue = (limit: number): Entry | undefined => {
    let first: Entry | undefined;
    for (const entry of entries) {
      if (entry.due > limit) continue;
      if (!first || entry.due < first.due || (entry.due === first.due && entry.sequence < first.sequence))
        first = entry;
    }
    if (first) entries.delete(first);
    return first;
  };

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < settleTurns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    after,
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          timer.cancel();
          reject(signal?.reason);
        };
        const timer = after(delayMs, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    async advance(milliseconds) {
      const limit = elapsed + milliseconds;
      await settle();
      for (let entry = takeDue(limit); entry; entry = takeDue(limit)) {
        elapsed = Math.max(elapsed, entry.due);
        entry.callback();
        await settle();
      }
      elapsed = limit;
    },
    settle,
    get pendingTimers() {
      return entries.size;
    },
  };
}
