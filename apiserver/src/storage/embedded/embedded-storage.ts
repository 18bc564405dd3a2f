import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { startCompactor, type Compactor } from '../compactor.ts';
import { emptyKeys, type ExpiringKey, Expiry, readRange, replayThenFollow, undo, WatchHub } from '../local/index.ts';
import {
  type Commit,
  CompactedError,
  type CommitResult,
  FutureRevisionError,
  type KeyRange,
  type KeyValue,
  type RangeOptions,
  type Revision,
  type Storage,
  type StorageEvent,
  UnavailableError,
  type WatchBatch,
  type WatchOptions,
} from '../storage.ts';
import { GroupCommit, type PlannedWrite } from './group-commit.ts';
import type { HistoryQuery, HistoryResult, HistoryRow, OpenResult, PackedWrites } from './protocol.ts';
import { WorkerClient } from './worker-client.ts';

export interface EmbeddedStorageOptions {
  /** Made where it does not exist. One process at a time may use it. */
  readonly directory: string;
  readonly environment: Environment;
}

const fileName = 'state.db';
/** How soon an expired key is tried again that could not be deleted. */
const expiryRetryMs = 60_000;

/** Opens the store of a directory, reading all current keys. Throws where another process uses it or it is damaged. */
export async function openEmbeddedStorage({ directory, environment }: EmbeddedStorageOptions): Promise<Storage> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, fileName);
  const worker = new WorkerClient();
  try {
    const state = await worker.call<OpenResult>({ type: 'open', path });
    return new EmbeddedStorage(path, environment, worker, state);
  } catch (error) {
    await worker.end();
    throw error;
  }
}

/**
 * Current keys are answered from memory; the database thread is asked for writes and for history. What is in memory is
 * durable: a write appears there, and to watchers, when the database has it.
 */
class EmbeddedStorage implements Storage {
  readonly #path: string;
  readonly #environment: Environment;
  readonly #worker: WorkerClient;
  readonly #keys = emptyKeys();
  readonly #hub = new WatchHub();
  readonly #expiry: Expiry;
  readonly #writes: GroupCommit;
  readonly #compactor: Compactor;
  #revision: Revision;
  #compacted: Revision;
  #closed = false;

  constructor(path: string, environment: Environment, worker: WorkerClient, state: OpenResult) {
    this.#path = path;
    this.#environment = environment;
    this.#worker = worker;
    this.#revision = state.revision;
    this.#compacted = state.compactedRevision;
    this.#expiry = new Expiry(environment.clock, (due) => this.#expire(due));
    for (const { key, revision, createRevision, expiresAt, value } of state.rows) {
      this.#keys.set(key, { key, value, createRevision, modRevision: revision });
      if (expiresAt > 0) this.#expiry.add(key, revision, expiresAt);
    }
    this.#writes = new GroupCommit({
      current: (key) => this.#keys.get(key),
      revision: () => this.#revision,
      append: (writes) => this.#append(writes),
      publish: (writes) => this.#publish(writes),
    });
    this.#compactor = startCompactor(this, environment);
  }

  get compactedRevision(): Revision {
    return this.#compacted;
  }

  async currentRevision(): Promise<Revision> {
    this.#checkOpen();
    return this.#revision;
  }

  async get(key: string, revision?: Revision) {
    const answer = await this.range({ start: key }, revision === undefined ? {} : { revision });
    return { revision: answer.revision, item: answer.items[0] };
  }

  async range(range: KeyRange, options: RangeOptions = {}) {
    this.#checkOpen();
    const revision = options.revision ?? this.#revision;
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision === this.#revision) return readRange(this.#keys, range, revision, options);
    const current = this.#keys.clone();
    const later: StorageEvent[] = [];
    for await (const { events } of this.#history(revision + 1, this.#revision, range)) later.push(...events);
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    return readRange(undo(current, later), range, revision, options);
  }

  commit(commit: Commit): Promise<CommitResult> {
    if (this.#closed) return Promise.reject(closedError());
    const { ttlSeconds } = commit;
    const expiresAt = ttlSeconds === undefined ? 0 : this.#environment.clock.now() + ttlSeconds * 1000;
    return this.#writes.commit(commit, expiresAt);
  }

  watch(range: KeyRange, options: WatchOptions, signal: AbortSignal) {
    this.#checkOpen();
    const from = options.fromRevision || this.#revision + 1;
    const past = () => (from > this.#revision ? [] : this.#history(from, this.#revision, range));
    return replayThenFollow(past, this.#hub.join(range, Math.max(from, this.#revision + 1)), signal);
  }

  async requestProgress(): Promise<void> {
    this.#checkOpen();
    this.#hub.progress(this.#revision);
  }

  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    if (revision <= this.#compacted) throw new CompactedError(this.#compacted);
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    this.#compacted = revision;
    await this.#worker.call({ type: 'compact', revision });
  }

  async sizeBytes(): Promise<number> {
    const sizes = [this.#path, `${this.#path}-wal`].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#compactor.stop();
    this.#expiry.close();
    this.#hub.end(undefined);
    await this.#writes.drain();
    await this.#worker.call({ type: 'close' }).catch(() => {});
    await this.#worker.end();
  }

  async #append(writes: PackedWrites): Promise<void> {
    await this.#worker.call({ type: 'append', ...writes }, [writes.bytes.buffer as ArrayBuffer]);
  }

  #publish(writes: readonly PlannedWrite[]): void {
    const events = writes.map((write) => this.#apply(write));
    this.#hub.publish(events, this.#revision);
    this.#compactor.progressed(this.#revision);
  }

  #apply({ key, value, revision, createRevision, expiresAt }: PlannedWrite): StorageEvent {
    const previous = this.#keys.get(key);
    this.#revision = revision;
    if (value === undefined) {
      this.#keys.delete(key);
      return { type: 'delete', key, revision, previous };
    }
    const current: KeyValue = { key, value, createRevision, modRevision: revision };
    this.#keys.set(key, current);
    if (expiresAt > 0) this.#expiry.add(key, revision, expiresAt);
    return { type: 'put', current, previous };
  }

  /** Events of the past, from the database. */
  async *#history(from: Revision, to: Revision, { start, end }: KeyRange): AsyncIterable<WatchBatch> {
    let next: Revision | undefined = from;
    while (next !== undefined) {
      if (next < this.#compacted) throw new CompactedError(this.#compacted);
      const query: HistoryQuery = { from: next, to, start, end };
      const { rows, nextFrom }: HistoryResult = await this.#worker.call({ type: 'history', ...query });
      next = nextFrom;
      yield { events: rows.map(eventOf), revision: nextFrom === undefined ? to : nextFrom - 1 };
    }
  }

  #expire(due: readonly ExpiringKey[]): void {
    for (const { key, revision } of due) {
      if (this.#keys.get(key)?.modRevision !== revision) continue;
      this.commit({ key, expected: revision }).catch((error: Error) => {
        if (this.#closed) return;
        this.#environment.log.warn('an expired key could not be deleted', { key, error: error.message });
        this.#expiry.add(key, revision, this.#environment.clock.now() + expiryRetryMs);
      });
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): UnavailableError {
  return new UnavailableError('the store is closed');
}

function eventOf({ key, revision, createRevision, value, previous }: HistoryRow): StorageEvent {
  const before = previous && {
    key,
    value: previous.value,
    createRevision: previous.createRevision,
    modRevision: previous.revision,
  };
  if (value === undefined) return { type: 'delete', key, revision, previous: before };
  return { type: 'put', current: { key, value, createRevision, modRevision: revision }, previous: before };
}
