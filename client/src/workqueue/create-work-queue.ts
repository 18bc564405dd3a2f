import type { Clock, Timer } from '@coracle/apimachinery/clock';
import { KeyedBackoff } from './keyed-backoff.ts';
import type { WorkQueue } from './workqueue.ts';

export interface WorkQueueOptions {
  /** Wait after a key's first failure; doubles with each. 5 ms as in client-go. */
  readonly backoffBaseMs?: number;
  /** 1,000 s as in client-go. */
  readonly backoffMaxMs?: number;
}

interface Delayed {
  readonly due: number;
  readonly timer: Timer;
}

export function createWorkQueue(dependencies: { readonly clock: Clock }, options: WorkQueueOptions = {}): WorkQueue {
  const { clock } = dependencies;
  const backoff = new KeyedBackoff({ baseMs: options.backoffBaseMs ?? 5, maxMs: options.backoffMaxMs ?? 1_000_000 });
  /** Keys ready to be taken. A Set keeps the order they came in and each of them once. */
  const ready = new Set<string>();
  const processing = new Set<string>();
  /** Keys added while they were worked on: ready again when their turn ends. */
  const again = new Set<string>();
  const delayed = new Map<string, Delayed>();
  const takers: ((key: string | undefined) => void)[] = [];
  let isShutDown = false;

  const takeNext = (): string | undefined => {
    const { value } = ready.values().next();
    if (value === undefined) return undefined;
    ready.delete(value);
    processing.add(value);
    return value;
  };

  const wakeTaker = (): void => {
    const taker = takers.shift();
    if (taker) taker(takeNext());
  };

  const add = (key: string): void => {
    if (isShutDown) return;
    if (processing.has(key)) {
      again.add(key);
      return;
    }
    ready.add(key);
    wakeTaker();
  };

  const addAfter = (key: string, delayMs: number): void => {
    if (isShutDown) return;
    if (delayMs <= 0) return add(key);
    const due = clock.monotonic() + delayMs;
    const waiting = delayed.get(key);
    if (waiting && waiting.due <= due) return;
    waiting?.timer.cancel();
    const timer = clock.after(delayMs, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { due, timer });
  };

  return {
    add,
    addAfter,
    addRateLimited: (key) => addAfter(key, backoff.next(key)),
    forget: (key) => backoff.forget(key),
    retries: (key) => backoff.failures(key),

    get() {
      const key = takeNext();
      if (key !== undefined || isShutDown) return Promise.resolve(key);
      return new Promise((resolve) => takers.push(resolve));
    },

    done(key) {
      processing.delete(key);
      if (again.delete(key)) {
        ready.add(key);
        wakeTaker();
      }
    },

    shutDown() {
      isShutDown = true;
      for (const { timer } of delayed.values()) timer.cancel();
      delayed.clear();
      for (const taker of takers.splice(0)) taker(undefined);
    },

    get length() {
      return ready.size;
    },
  };
}
