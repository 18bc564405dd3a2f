import type { StoreEvent } from '../object-store/object-store.ts';
import type { Watcher } from './watcher.ts';

/** What a watch tells before it follows; then whom it follows with. */
export type Beginning = AsyncGenerator<readonly StoreEvent[], Watcher | undefined>;

type Step = IteratorResult<readonly StoreEvent[], undefined>;

/**
 * One watch of a resource. Once it follows, its reader waits for the mailbox itself: a change that has a hundred watchers
 * costs each of them one promise, not one in every layer that it passes.
 */
export class FollowedWatch implements AsyncIterableIterator<readonly StoreEvent[], undefined> {
  readonly #beginning: Beginning;
  #watcher: Watcher | undefined;

  constructor(beginning: Beginning) {
    this.#beginning = beginning;
  }

  next(): Promise<Step> {
    return this.#watcher === undefined ? this.#begin() : this.#watcher.mailbox.next();
  }

  async return(): Promise<Step> {
    this.#watcher?.mailbox.end();
    await this.#beginning.return(undefined);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(): Promise<Step> {
    const step = await this.#beginning.next();
    if (!step.done) return step;
    this.#watcher = step.value;
    return this.#watcher === undefined ? { done: true, value: undefined } : this.#watcher.mailbox.next();
  }
}
