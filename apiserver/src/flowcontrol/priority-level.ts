import type { PriorityLevelConfiguration } from '@coracle/apimachinery/types/flowcontrol-v1';

/** Resolves once it is the request's turn; false where it must be turned away. */
export type Turn = boolean | Promise<boolean>;

interface Waiting {
  go(admitted: boolean): void;
  gone: boolean;
}

/**
 * The seats of one priority level. A request that finds none waits in the queue of its flow, and flows take turns: one that
 * sends a lot delays itself. Unlike upstream every flow has a queue of its own, so nothing is shuffled.
 */
export class PriorityLevel {
  #seats = 0;
  #queueLengthMax = 0;
  #inUse = 0;
  /** Flows that wait, in the order of their turns. */
  readonly #queues = new Map<string, Waiting[]>();

  /** `seats` are this level's share of all; Infinity for the exempt one. */
  configure(level: PriorityLevelConfiguration, seats: number): void {
    const response = level.spec?.limited?.limitResponse;
    this.#seats = seats;
    this.#queueLengthMax = response?.type === 'Queue' ? (response.queuing?.queueLengthLimit ?? 0) : 0;
    this.#next();
  }

  get inUse(): number {
    return this.#inUse;
  }

  take(flow: string, signal: AbortSignal): Turn {
    if (this.#inUse < this.#seats && this.#queues.size === 0) {
      this.#inUse++;
      return true;
    }
    const queue = this.#queues.get(flow) ?? [];
    if (queue.length >= this.#queueLengthMax) return false;
    return new Promise((resolve) => {
      const waiting: Waiting = { gone: false, go: resolve };
      queue.push(waiting);
      this.#queues.set(flow, queue);
      signal.addEventListener('abort', () => this.#leave(waiting), { once: true });
    });
  }

  release(): void {
    this.#inUse--;
    this.#next();
  }

  #leave(waiting: Waiting): void {
    waiting.gone = true;
    waiting.go(false);
    this.#next();
  }

  #next(): void {
    for (const [flow, queue] of this.#queues) {
      while (queue[0]?.gone === true) queue.shift();
      const first = this.#inUse < this.#seats ? queue.shift() : undefined;
      // To the end of the line, or out of it.
      if (first !== undefined || queue.length === 0) this.#queues.delete(flow);
      if (first !== undefined && queue.length > 0) this.#queues.set(flow, queue);
      if (first !== undefined) {
        first.gone = true;
        this.#inUse++;
        first.go(true);
      }
      if (this.#inUse >= this.#seats) return;
    }
  }
}
