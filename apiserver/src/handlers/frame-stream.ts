import type { Clock } from '@coracle/apimachinery/clock';
import type { WatchFrame } from '../http/api-request.ts';
import { type StoreEvent, WatcherTooSlowError } from '../storage/object-store/object-store.ts';

export interface FrameSource {
  /** Begins the watch; the signal ends it. */
  watch(signal: AbortSignal): AsyncIterable<readonly StoreEvent[]>;
  /** A promise only where something has to be asked first. */
  framesOf(events: readonly StoreEvent[]): readonly WatchFrame[] | Promise<readonly WatchFrame[]>;
  errorFrame(error: unknown): WatchFrame;
  /** Aborted when the client goes away. */
  readonly client: AbortSignal;
  /** Aborted when the watch is over, here or by whoever decides that it is. */
  readonly ending: AbortController;
  readonly clock: Clock;
  readonly limitMs: number;
}

type Step = IteratorResult<readonly WatchFrame[], undefined>;

const over: Step = { done: true, value: undefined };

/**
 * The frames of one watch, from when they are first asked for until the client goes, the time is over or the watch ends. Not
 * a generator: a change may have thousands of watchers, and each of them takes every step of this.
 */
export class FrameStream implements AsyncIterableIterator<readonly WatchFrame[], undefined> {
  readonly #source: FrameSource;
  #events: AsyncIterator<readonly StoreEvent[]> | undefined;
  #finish: (() => void) | undefined;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  next(): Promise<Step> {
    if (this.#finish === undefined && this.#source.ending.signal.aborted) return Promise.resolve(over);
    this.#events ??= this.#begin();
    return this.#events.next().then(this.#told, this.#failed);
  }

  async return(): Promise<Step> {
    const events = this.#events;
    this.#end();
    await events?.return?.();
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #begin(): AsyncIterator<readonly StoreEvent[]> {
    const { client, clock, ending, limitMs } = this.#source;
    const end = () => ending.abort();
    const timer = clock.after(limitMs, end);
    if (client.aborted) end();
    else client.addEventListener('abort', end, { once: true });
    this.#finish = () => {
      timer.cancel();
      client.removeEventListener('abort', end);
    };
    return this.#source.watch(ending.signal)[Symbol.asyncIterator]();
  }

  readonly #told = ({ done, value }: IteratorResult<readonly StoreEvent[]>): Step | Promise<Step> => {
    if (done) {
      this.#end();
      return over;
    }
    try {
      const frames = this.#source.framesOf(value);
      return frames instanceof Promise ? frames.then(stepOf).catch(this.#failed) : stepOf(frames);
    } catch (error) {
      return this.#failed(error);
    }
  };

  /** The answer has begun: an error is an event now, the last one. A watcher that was too slow simply resumes. */
  readonly #failed = (error: unknown): Step => {
    this.#end();
    return error instanceof WatcherTooSlowError ? over : stepOf([this.#source.errorFrame(error)]);
  };

  #end(): void {
    this.#finish?.();
    this.#finish = undefined;
    this.#source.ending.abort();
  }
}

function stepOf(value: readonly WatchFrame[]): Step {
  return { done: false, value };
}
