import { expired } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';

export interface LoggedEvent {
  readonly resource: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
  readonly previous: KubernetesObject | undefined;
}

/** Everything that happened, in order, for any number of readers. The n-th event has revision n. */
export class EventLog {
  readonly #events: LoggedEvent[] = [];
  #compacted = 0;
  #generation = 0;
  #change = Promise.withResolvers<void>();

  append(event: LoggedEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  endReaders(): void {
    this.#generation++;
    this.#wake();
  }

  compact(revision: number): void {
    this.#compacted = revision;
  }

  async *read(since: number, signal: AbortSignal): AsyncIterable<LoggedEvent> {
    if (since < this.#compacted) throw expired(`too old resource version: ${since} (${this.#compacted})`);
    const generation = this.#generation;
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (let at = since; ; ) {
      if (signal.aborted || this.#generation !== generation) return;
      const event = this.#events[at];
      if (event) {
        at++;
        yield event;
      } else {
        await Promise.race([this.#change.promise, aborted]);
      }
    }
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}
