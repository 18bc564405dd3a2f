/** Time as a component sees it. Milliseconds everywhere, as in `Date.now()`. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. */
  now(): number;
  /** Monotonic milliseconds, for measuring; its zero is arbitrary. */
  monotonic(): number;
  /** Calls back once after `delayMs`; the result cancels. A pending timer never keeps the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`, rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** Randomness as a component sees it, so that a seed replays a run. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** `length` random bytes, for identifiers (not for keys: those come from node:crypto). */
  bytes(length: number): Uint8Array;
}
