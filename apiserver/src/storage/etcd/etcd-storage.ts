import { status } from '@grpc/grpc-js';
import type { Environment } from '@coracle/apimachinery/component';
import {
  type Commit,
  CompactedError,
  type CommitResult,
  FutureRevisionError,
  type KeyRange,
  type RangeOptions,
  type RangeResult,
  type Revision,
  type Storage,
  UnavailableError,
  type WatchBatch,
  type WatchOptions,
} from '../storage.ts';
import { EtcdCompactor } from './etcd-compactor.ts';
import { Connection } from './connection.ts';
import type { EtcdStorageOptions } from './index.ts';
import { Leases } from './leases.ts';
import { compareAndWrite, type RangeRequest, type RangeResponse } from './messages.ts';
import { EtcdWatch, keyValueOf } from './watch-stream.ts';

/** A key that nobody writes: asking for it costs etcd nothing but agreeing on the revision. */
const probe: RangeRequest = { key: Buffer.from('/registry/health'), count_only: true };

/** The external driver: the promises are etcd's own, this only translates. */
export class EtcdStorage implements Storage {
  readonly #connection: Connection;
  readonly #environment: Environment;
  readonly #leases: Leases;
  readonly #compactor: EtcdCompactor;
  readonly #watches = new Set<EtcdWatch>();
  #revisionAsked: Promise<Revision> | undefined;
  #closed = false;

  private constructor(connection: Connection, environment: Environment) {
    this.#connection = connection;
    this.#environment = environment;
    this.#leases = new Leases(connection.admin, environment);
    this.#compactor = new EtcdCompactor(connection, environment);
  }

  static async open(options: EtcdStorageOptions): Promise<EtcdStorage> {
    const connection = new Connection(options);
    try {
      await connection.open(probe);
    } catch (error) {
      connection.close();
      throw error;
    }
    return new EtcdStorage(connection, options.environment);
  }

  get compactedRevision(): Revision {
    return this.#compactor.compactedRevision;
  }

  /** Whoever asks before the question has left shares its answer. */
  currentRevision(): Promise<Revision> {
    this.#checkOpen();
    this.#revisionAsked ??= Promise.resolve().then(async () => {
      this.#revisionAsked = undefined;
      return (await this.#connection.range(probe)).header.revision;
    });
    return this.#revisionAsked;
  }

  async get(key: string, revision?: Revision) {
    const answer = await this.range({ start: key }, revision === undefined ? {} : { revision });
    return { revision: answer.revision, item: answer.items[0] };
  }

  async range({ start, end }: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen();
    const { revision, limit, countOnly } = options;
    const response = await this.#range(
      {
        key: Buffer.from(start),
        ...(end === undefined ? {} : { range_end: Buffer.from(end) }),
        ...(revision === undefined ? {} : { revision }),
        ...(limit === undefined ? {} : { limit }),
        ...(countOnly ? { count_only: true } : {}),
      },
      revision,
    );
    const { kvs, more, count, header } = response;
    return { revision: revision ?? header.revision, items: kvs.map(keyValueOf), more, count };
  }

  async commit({ key, expected, value, ttlSeconds }: Commit): Promise<CommitResult> {
    this.#checkOpen();
    const name = Buffer.from(key);
    const lease = ttlSeconds === undefined ? 0 : await this.#leases.leaseFor(ttlSeconds);
    const write =
      value === undefined ? { request_delete_range: { key: name } } : { request_put: { key: name, value, lease } };
    const { succeeded, header, responses } = await this.#connection.txn(compareAndWrite(name, expected, write));
    if (succeeded) return { ok: true, revision: header.revision };
    const current = responses[0]?.response_range?.kvs[0];
    return { ok: false, revision: header.revision, current: current && keyValueOf(current) };
  }

  watch(range: KeyRange, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#checkOpen();
    const watch = new EtcdWatch(this.#connection, this.#environment, range, options.fromRevision ?? 0);
    this.#watches.add(watch);
    return this.#follow(watch, signal);
  }

  async requestProgress(): Promise<void> {
    this.#checkOpen();
    for (const watch of this.#watches) watch.requestProgress();
  }

  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    try {
      await this.#compactor.compact(revision);
    } catch (error) {
      throw translate(error, revision, this.compactedRevision);
    }
  }

  async sizeBytes(): Promise<number> {
    return Number((await this.#connection.admin.maintenance.status()).dbSize);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#compactor.stop();
    for (const watch of this.#watches) watch.end();
    this.#connection.close();
  }

  async *#follow(watch: EtcdWatch, signal: AbortSignal): AsyncIterable<WatchBatch> {
    try {
      yield* watch.batches(signal);
    } finally {
      this.#watches.delete(watch);
    }
  }

  async #range(request: RangeRequest, revision: Revision | undefined): Promise<RangeResponse> {
    try {
      return await this.#connection.range(request);
    } catch (error) {
      throw translate(error, revision ?? 0, this.compactedRevision);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new UnavailableError('the store is closed');
  }
}

/** etcd's words for a revision out of reach; it does not say which ones are in reach. */
function translate(error: unknown, revision: Revision, compactedRevision: Revision): unknown {
  const { code, details = '' } = error as { code?: number; details?: string };
  if (code !== status.OUT_OF_RANGE) return error;
  if (details.includes('compacted')) return new CompactedError(Math.max(compactedRevision, revision + 1));
  return new FutureRevisionError(revision, revision - 1);
}
