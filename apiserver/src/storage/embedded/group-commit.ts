import { type Commit, type CommitResult, type KeyValue, type Revision, UnavailableError } from '../storage.ts';
import type { PackedWrites } from './protocol.ts';

/** What a key will hold once everything under way is durable. */
interface Head {
  readonly modRevision: Revision;
  /** 0 where the key will not exist. */
  readonly createRevision: Revision;
}

/** A write with its place in history. */
export interface PlannedWrite {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly revision: Revision;
  readonly createRevision: Revision;
  /** modRevision of what it replaces, 0 for nothing. */
  readonly previousRevision: Revision;
  /** Milliseconds since 1970; 0 for never. */
  readonly expiresAt: number;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: Error) => void;
}

/** Refused because of a write that is not durable yet: answered together with it. */
interface Refusal {
  readonly key: string;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: Error) => void;
}

class Batch {
  readonly writes: PlannedWrite[] = [];
  readonly refusals: Refusal[] = [];
}

export interface GroupCommitDependencies {
  /** The durable state of a key. */
  current(key: string): KeyValue | undefined;
  /** The newest durable revision. */
  revision(): Revision;
  /** Makes writes durable, all or none. Throws UnavailableError where their fate is unknown. */
  append(writes: PackedWrites): Promise<void>;
  /** They are: readers and watchers may see them. */
  publish(writes: readonly PlannedWrite[]): void;
}

/**
 * Lets many writers share one synchronous write to the disk: while a batch is on its way, the next one gathers. Revisions
 * are given out here, before a write is durable, so that a batch may build on the one before; nobody is told of a write,
 * not even by a refusal, until it is durable. When a batch fails, everything that built on it fails with it.
 */
export class GroupCommit {
  readonly #store: GroupCommitDependencies;
  readonly #heads = new Map<string, Head>();
  #next = new Batch();
  #inFlight: Batch | undefined;
  #scheduled = false;
  #planned: Revision;
  #failure: UnavailableError | undefined;

  constructor(store: GroupCommitDependencies) {
    this.#store = store;
    this.#planned = store.revision();
  }

  commit(commit: Commit, expiresAt: number): Promise<CommitResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const { key, value, expected } = commit;
      const pending = this.#heads.get(key);
      const current = pending ?? this.#store.current(key);
      const exists = current !== undefined && current.createRevision !== 0;
      if (expected !== (exists ? current.modRevision : 0)) {
        if (pending === undefined) resolve(this.#refusal(key));
        else this.#lastBatch().refusals.push({ key, resolve, reject });
        return;
      }
      if (value === undefined && !exists) {
        resolve({ ok: true, revision: this.#store.revision() });
        return;
      }
      const revision = ++this.#planned;
      const createRevision = value === undefined ? 0 : exists ? current.createRevision : revision;
      this.#heads.set(key, { modRevision: revision, createRevision });
      const write = { key, value, revision, createRevision, previousRevision: expected, expiresAt, resolve, reject };
      this.#next.writes.push(write);
      this.#schedule();
    });
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    while (this.#inFlight !== undefined || this.#next.writes.length > 0) {
      await new Promise<void>((resolve) => {
        this.#lastBatch().refusals.push({ key: '', resolve: () => resolve(), reject: () => resolve() });
      });
    }
  }

  /** No more writes: those under way fail. */
  fail(error: UnavailableError): void {
    this.#failure ??= error;
    this.#rejectAll(error);
  }

  #lastBatch(): Batch {
    return this.#next.writes.length > 0 || this.#inFlight === undefined ? this.#next : this.#inFlight;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#next;
    if (this.#failure !== undefined || batch.writes.length === 0) return;
    this.#inFlight = batch;
    this.#next = new Batch();
    try {
      await this.#store.append(pack(batch.writes));
    } catch (error) {
      this.#undo(error);
      return;
    }
    this.#inFlight = undefined;
    this.#succeed(batch);
    if (this.#next.writes.length > 0) void this.#flush();
  }

  #succeed(batch: Batch): void {
    for (const { key, revision } of batch.writes) {
      if (this.#heads.get(key)?.modRevision === revision) this.#heads.delete(key);
    }
    this.#store.publish(batch.writes);
    for (const { resolve, revision } of batch.writes) resolve({ ok: true, revision });
    for (const { resolve, key } of batch.refusals) resolve(this.#refusal(key));
  }

  /** A batch was not written: so were not those that gathered behind it, and their revisions are free again. */
  #undo(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof UnavailableError) this.#failure ??= error;
    this.#rejectAll(this.#failure ?? new UnavailableError(`the store did not take the write: ${message}`));
  }

  #rejectAll(error: UnavailableError): void {
    const batches = [this.#inFlight, this.#next];
    this.#inFlight = undefined;
    this.#next = new Batch();
    this.#heads.clear();
    this.#planned = this.#store.revision();
    for (const batch of batches) {
      for (const { reject } of batch?.writes ?? []) reject(error);
      for (const { reject } of batch?.refusals ?? []) reject(error);
    }
  }

  #refusal(key: string): CommitResult {
    return { ok: false, revision: this.#store.revision(), current: this.#store.current(key) };
  }
}

function pack(writes: readonly PlannedWrite[]): PackedWrites {
  let length = 0;
  for (const { value } of writes) length += value?.length ?? 0;
  const bytes = new Uint8Array(length);
  const numbers = new Float64Array(writes.length * 4);
  const keys: string[] = [];
  let offset = 0;
  for (const [index, { key, value, createRevision, previousRevision, expiresAt }] of writes.entries()) {
    keys.push(key);
    numbers.set([createRevision, previousRevision, expiresAt, value?.length ?? -1], index * 4);
    if (value === undefined) continue;
    bytes.set(value, offset);
    offset += value.length;
  }
  return { firstRevision: (writes[0] as PlannedWrite).revision, keys, numbers, bytes };
}
