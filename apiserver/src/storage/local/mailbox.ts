interface Reader<T> {
  resolve(result: IteratorResult<T[], undefined>): void;
  reject(error: Error): void;
}

/**
 * Hands items from a synchronous producer to one asynchronous reader, everything that has gathered at a time. The producer
 * says when to wake the reader, so that a burst costs one turn.
 */
export class Mailbox<T> implements AsyncIterableIterator<T[], undefined> {
  #items: T[] = [];
  #reader: Reader<T> | undefined;
  #ended = false;
  #error: Error | undefined;
  #onEnd: (() => void) | undefined;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (!this.#ended) this.#items.push(item);
  }

  wake(): void {
    const reader = this.#reader;
    if (reader === undefined || (this.#items.length === 0 && !this.#ended)) return;
    this.#reader = undefined;
    if (this.#items.length > 0) {
      const value = this.#items;
      this.#items = [];
      reader.resolve({ done: false, value });
    } else if (this.#error !== undefined) reader.reject(this.#error);
    else reader.resolve({ done: true, value: undefined });
  }

  /** No more items: the reader gets what is there, and then the end. */
  end(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#onEnd?.();
    }
    this.wake();
  }

  /** The reader gets this error at once; what was not read yet is dropped. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#error = error;
    this.#items = [];
    this.end();
  }

  /** `then` is called once, when nothing more is taken in. */
  onEnd(then: () => void): void {
    if (this.#ended) then();
    else this.#onEnd = then;
  }

  /** What has gathered, waiting for at least one item. One promise and nothing behind it: a change may wake thousands. */
  next(): Promise<IteratorResult<T[], undefined>> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.wake();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
