/**
 * A queue between one producer that must not wait and one consumer that may be slow. It holds at most `limit` items; the
 * item that does not fit ends the queue (`offer` answers false) and nothing is ever skipped: the consumer gets what was
 * queued before, then the failure. Consuming is by `for await`, which takes everything that is there in one batch.
 */
export class BoundedQueue<T> implements AsyncIterable<readonly T[]> {
  readonly #limit: number;
  #items: T[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly failure?: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Queues an item. False where the queue is full or has ended: the item was not taken and none will be. */
  offer(item: T): boolean {
    if (this.#end !== undefined) return false;
    if (this.#items.length >= this.#limit) {
      this.fail(new QueueOverflowError(this.#limit));
      return false;
    }
    this.#items.push(item);
    this.#notify();
    return true;
  }

  /** No more items: the consumer finishes after those that are queued. */
  close(): void {
    this.#end ??= {};
    this.#notify();
  }

  /** As `close`, but the consumer's loop then throws `failure`. */
  fail(failure: unknown): void {
    this.#end ??= { failure };
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly T[], void, undefined> {
    try {
      for (;;) {
        if (this.#items.length > 0) {
          const batch = this.#items;
          this.#items = [];
          yield batch;
        } else if (this.#end !== undefined) {
          if (this.#end.failure !== undefined) throw this.#end.failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
      this.#items = [];
    }
  }
}

/** The consumer was too slow. */
export class QueueOverflowError extends Error {
  override readonly name = 'QueueOverflowError';

  constructor(limit: number) {
    super(`more than ${limit} items are waiting for a slow consumer`);
  }
}
