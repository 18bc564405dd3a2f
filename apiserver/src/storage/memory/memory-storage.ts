import type { Clock } from '@coracle/apimachinery/clock';
import {
  emptyKeys,
  type ExpiringKey,
  Expiry,
  isInRange,
  keyOf,
  readRange,
  replayThenFollow,
  revisionOf,
  undo,
  WatchHub,
} from '../local/index.ts';
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

/** The reference driver: everything in this process, nothing kept. The shortest text that is right. */
export function createMemoryStorage(dependencies: { readonly clock: Clock }): Storage {
  return new MemoryStorage(dependencies.clock);
}

class MemoryStorage implements Storage {
  readonly #clock: Clock;
  readonly #keys = emptyKeys();
  readonly #hub = new WatchHub();
  readonly #expiry: Expiry;
  /** Every event from the compacted revision on. */
  #history: StorageEvent[] = [];
  #revision: Revision = 0;
  #compacted: Revision = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#expiry = new Expiry(clock, (due) => this.#expire(due));
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
    const later = this.#since(revision + 1, range);
    return readRange(undo(this.#keys, later), range, revision, options);
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#checkOpen();
    const current = this.#keys.get(commit.key);
    if ((current?.modRevision ?? 0) !== commit.expected) return { ok: false, revision: this.#revision, current };
    if (commit.value === undefined && current === undefined) return { ok: true, revision: this.#revision };
    this.#apply(commit, current);
    return { ok: true, revision: this.#revision };
  }

  watch(range: KeyRange, options: WatchOptions, signal: AbortSignal) {
    this.#checkOpen();
    const from = options.fromRevision || this.#revision + 1;
    return replayThenFollow(() => this.#past(from, range), this.#hub.join(range, from), signal);
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
    this.#history = this.#history.filter((event) => revisionOf(event) >= revision);
  }

  get compactedRevision(): Revision {
    return this.#compacted;
  }

  async sizeBytes(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#expiry.close();
    this.#hub.end(undefined);
  }

  #apply(commit: Commit, previous: KeyValue | undefined): void {
    const revision = ++this.#revision;
    const event = this.#write(commit, previous, revision);
    this.#history.push(event);
    this.#hub.publish([event], revision);
  }

  #write({ key, value, ttlSeconds }: Commit, previous: KeyValue | undefined, revision: Revision): StorageEvent {
    if (value === undefined) {
      this.#keys.delete(key);
      return { type: 'delete', key, revision, previous };
    }
    const createRevision = previous?.createRevision ?? revision;
    const current: KeyValue = { key, value, createRevision, modRevision: revision };
    this.#keys.set(key, current);
    if (ttlSeconds !== undefined) this.#expiry.add(key, revision, this.#clock.now() + ttlSeconds * 1000);
    return { type: 'put', current, previous };
  }

  #past(from: Revision, range: KeyRange): readonly WatchBatch[] {
    if (from < this.#compacted) throw new CompactedError(this.#compacted);
    return [{ events: this.#since(from, range), revision: this.#revision }];
  }

  #since(from: Revision, range: KeyRange): StorageEvent[] {
    const before = this.#history.findLastIndex((event) => revisionOf(event) < from);
    return this.#history.slice(before + 1).filter((event) => isInRange(keyOf(event), range));
  }

  #expire(due: readonly ExpiringKey[]): void {
    for (const { key, revision } of due) {
      const current = this.#keys.get(key);
      if (current?.modRevision === revision) this.#apply({ key, expected: revision }, current);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new UnavailableError('the store is closed');
  }
}
