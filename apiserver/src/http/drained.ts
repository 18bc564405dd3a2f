import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Waits until the client has taken what is there, or left; no longer than until `signal`. */
export async function drained(body: Writable, signal?: AbortSignal): Promise<void> {
  if (body.destroyed || signal?.aborted) return;
  const done = new AbortController();
  const waiting = [once(body, 'drain', done), once(body, 'close', done)];
  if (signal !== undefined) waiting.push(once(signal, 'abort', done));
  try {
    await Promise.race(waiting);
  } finally {
    done.abort();
  }
}
