import type { Clock, Random, Timer } from './clock.ts';

/** Node's timers fire at once beyond this: a longer wait is taken in turns. */
const timerMaxMs = 0x7fffffff;

/** The one file that touches `Date`, timers and the system's randomness. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs: number, callback: () => void): Timer {
    let timer: NodeJS.Timeout;
    const arm = (restMs: number): void => {
      timer =
        restMs > timerMaxMs ? setTimeout(() => arm(restMs - timerMaxMs), timerMaxMs) : setTimeout(callback, restMs);
      timer.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      timer.unref();
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  },
};

/** Asking the system costs 20 µs however little is asked for, so it is asked for more at once. */
const pool = new Uint8Array(4096);
let poolUsed = pool.length;

function randomBytes(length: number): Uint8Array {
  if (length > pool.length) return crypto.getRandomValues(new Uint8Array(length));
  if (poolUsed + length > pool.length) {
    crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  poolUsed += length;
  return pool.slice(poolUsed - length, poolUsed);
}

export const systemRandom: Random = { next: () => Math.random(), bytes: randomBytes };
