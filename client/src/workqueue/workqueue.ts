/**
 * A queue of keys with client-go's four promises: a key is worked on by one worker at a time; a key added many times
 * before it is taken is taken once; a key added while it is worked on is taken again afterwards; order is otherwise kept.
 */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Adds after the key's back-off, which grows with every call until `forget`. */
  addRateLimited(key: string): void;
  forget(key: string): void;
  /** How often the key has been added rate limited since the last `forget`. */
  retries(key: string): number;
  /** The next key, or undefined once the queue is shut down and drained. */
  get(): Promise<string | undefined>;
  /** Ends the turn that `get` began. */
  done(key: string): void;
  shutDown(): void;
  readonly length: number;
}
