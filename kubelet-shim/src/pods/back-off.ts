import { formatDuration } from '@coracle/apimachinery/quantity';

/** Restart delays that double: 10 s to 5 min, forgotten after ten minutes of good behaviour (upstream's flowcontrol.Backoff). */
export interface BackOff {
  /** Milliseconds that must still pass since `eventAt`; 0 = go ahead. */
  remaining(key: string, eventAt: number, now: number): number;
  /** The delay in force for the key. */
  delay(key: string): number;
  /** Notes one more attempt: the next delay is twice this one. */
  next(key: string, eventAt: number, now: number): void;
  reset(key: string): void;
}

const initialMs = 10_000;
const maxMs = 300_000;

export function createBackOff(): BackOff {
  const entries = new Map<string, { delayMs: number; lastUpdate: number }>();
  const current = (key: string, eventAt: number) => {
    const entry = entries.get(key);
    return entry && eventAt - entry.lastUpdate <= 2 * maxMs ? entry : undefined;
  };
  return {
    remaining(key, eventAt, now) {
      const entry = current(key, eventAt);
      return entry ? Math.max(0, eventAt + entry.delayMs - now) : 0;
    },
    delay: (key) => entries.get(key)?.delayMs ?? 0,
    next(key, eventAt, now) {
      const entry = current(key, eventAt);
      const delayMs = entry ? Math.min(entry.delayMs * 2, maxMs) : initialMs;
      entries.set(key, { delayMs, lastUpdate: now });
    },
    reset: (key) => void entries.delete(key),
  };
}

/** `10s`, `2m40s`, `5m0s`: as Go prints durations, in whole seconds. */
export function goDuration(milliseconds: number): string {
  return formatDuration(Math.round(milliseconds / 1000) * 1000);
}
