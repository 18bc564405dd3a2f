import type { Environment } from '@coracle/apimachinery/component';
import { Mailbox } from '../local/index.ts';
import {
  CompactedError,
  type KeyRange,
  type KeyValue,
  type Revision,
  type StorageEvent,
  type WatchBatch,
} from '../storage.ts';
import type { Connection, WatchStream } from './connection.ts';
import type { EtcdEvent, EtcdKeyValue, WatchResponse } from './messages.ts';

/** etcd answers a progress request only once its watchers have caught up: it is repeated until it does. */
const progressRepeatMs = 100;
const reconnectDelayMs = 500;

/**
 * One range followed through reconnections: whoever breaks the stream, it goes on after the last revision that was
 * delivered whole.
 */
export class EtcdWatch {
  readonly #connection: Connection;
  readonly #environment: Environment;
  readonly #range: KeyRange;
  readonly #mailbox = new Mailbox<WatchBatch>();
  #next: Revision;
  #stream: WatchStream | undefined;
  #fragments: EtcdEvent[] = [];
  #progressWanted = false;
  #ended = false;

  constructor(connection: Connection, environment: Environment, range: KeyRange, fromRevision: Revision) {
    this.#connection = connection;
    this.#environment = environment;
    this.#range = range;
    this.#next = fromRevision;
    void this.#connect();
  }

  async *batches(signal: AbortSignal): AsyncIterable<WatchBatch> {
    const stop = () => this.end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      for await (const batches of this.#mailbox) {
        if (signal.aborted) return;
        yield* batches;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.end();
    }
  }

  requestProgress(): void {
    if (this.#progressWanted) return;
    this.#progressWanted = true;
    this.#askForProgress();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream?.cancel();
    this.#mailbox.end();
  }

  async #connect(): Promise<void> {
    try {
      const stream = await this.#connection.watch();
      if (this.#ended) {
        stream.cancel();
        return;
      }
      this.#stream = stream;
      this.#fragments = [];
      stream.on('data', (response: WatchResponse) => this.#receive(response));
      stream.on('error', () => this.#reconnect(stream));
      stream.on('end', () => this.#reconnect(stream));
      stream.write({ create_request: this.#request() });
    } catch (error) {
      this.#environment.log.warn('cannot watch etcd', { error: (error as Error).message });
      this.#reconnect(undefined);
    }
  }

  #request(): object {
    const { start, end } = this.#range;
    return {
      key: Buffer.from(start),
      ...(end === undefined ? {} : { range_end: Buffer.from(end) }),
      start_revision: this.#next,
      prev_kv: true,
      progress_notify: true,
      fragment: true,
    };
  }

  #receive(response: WatchResponse): void {
    const { events, created, canceled, compact_revision, cancel_reason, fragment, header } = response;
    if (canceled) {
      const error = compact_revision > 0 ? new CompactedError(compact_revision) : new Error(`etcd: ${cancel_reason}`);
      this.#mailbox.fail(error);
      this.end();
      return;
    }
    if (created) {
      if (this.#next === 0) this.#next = header.revision + 1;
      return;
    }
    if (events.length === 0) {
      this.#progressed(header.revision);
      return;
    }
    this.#fragments.push(...events);
    if (fragment) return;
    const complete = this.#fragments;
    this.#fragments = [];
    const last = complete.at(-1) as EtcdEvent;
    this.#deliver(complete.map(eventOf), last.kv.mod_revision);
  }

  #progressed(revision: Revision): void {
    this.#progressWanted = false;
    if (revision + 1 >= this.#next) this.#deliver([], revision);
  }

  #deliver(events: readonly StorageEvent[], revision: Revision): void {
    this.#next = revision + 1;
    this.#mailbox.push({ events, revision });
    this.#mailbox.wake();
  }

  #askForProgress(): void {
    if (!this.#progressWanted || this.#ended) return;
    this.#stream?.write({ progress_request: {} });
    this.#environment.clock.after(progressRepeatMs, () => this.#askForProgress());
  }

  #reconnect(broken: WatchStream | undefined): void {
    if (this.#ended || this.#stream !== broken) return;
    this.#stream = undefined;
    this.#connection.rotate();
    this.#environment.clock.after(reconnectDelayMs, () => {
      if (!this.#ended) void this.#connect();
    });
  }
}

export function keyValueOf({ key, value, create_revision, mod_revision }: EtcdKeyValue): KeyValue {
  return { key: key.toString(), value, createRevision: create_revision, modRevision: mod_revision };
}

function eventOf({ type, kv, prev_kv }: EtcdEvent): StorageEvent {
  const previous = prev_kv === null ? undefined : keyValueOf(prev_kv);
  if (type === 'Put') return { type: 'put', current: keyValueOf(kv), previous };
  return { type: 'delete', key: kv.key.toString(), revision: kv.mod_revision, previous };
}
