/**
 * Hands items from a synchronous producer to one asynchronous reader, everything that has gathered at a time. The producer
 * says when to wake the reader, so that a burst costs one turn.
 */
export class Mailbox<T> {
  #items: T[] = [];
  #reader: (() => void) | undefined;
  #ended = false;
  #error: Error | undefined;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (!this.#ended) this.#items.push(item);
  }

  wake(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }

  /** No more items: the reader gets what is there, and then the end. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** The reader gets this error at once; what was not read yet is dropped. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#error = error;
    this.#items = [];
    this.end();
  }

  /** What has gathered, waiting for at least one item; undefined at the end. */
  async take(): Promise<T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
