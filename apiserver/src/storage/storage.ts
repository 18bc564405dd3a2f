/**
 * The seam between the API server and whatever keeps its data: etcd's semantics, no more than is used.
 *
 * A store is one ordered history. Every successful commit takes the next revision (1, 2, 3, … without a gap visible to
 * readers); an event carries the revision of the commit that made it. Every driver passes `storageSuite` in `testing/`.
 */

/** A position in the history. A safe integer: at a million writes a second 2^53 is 285 years away. */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  /** The stored bytes. The embedded driver hands out the very buffer it was given, so identity can carry a cache. */
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** It is kept sealed with a key that is no longer the one to write with: an update writes even where nothing changes. */
  readonly stale?: boolean;
}

/** A half-open range of keys in byte order; `end` undefined means the single key `start`. */
export interface KeyRange {
  readonly start: string;
  readonly end?: string;
}

export interface RangeOptions {
  /** Read as of this revision; absent means the newest (linearizable). */
  readonly revision?: Revision;
  /** At most this many pairs; absent means all. */
  readonly limit?: number;
  readonly countOnly?: boolean;
}

export interface RangeResult {
  /** The store's revision when the answer was made, or the asked one. */
  readonly revision: Revision;
  readonly items: readonly KeyValue[];
  /** True when `limit` cut the answer short. */
  readonly more: boolean;
  /** All pairs in the range, also those that `limit` left out. */
  readonly count: number;
}

/** One compare-and-write: happens exactly when the key's newest modRevision is `expected` (0: the key must not exist). */
export interface Commit {
  readonly key: string;
  readonly expected: Revision;
  /** The new value; undefined deletes the key. */
  readonly value?: Uint8Array;
  /** Seconds after which the key deletes itself; absent means never. */
  readonly ttlSeconds?: number;
}

export type CommitResult =
  | { readonly ok: true; readonly revision: Revision }
  /** The key was not as expected; `current` is what it holds now, undefined where it does not exist. */
  | { readonly ok: false; readonly revision: Revision; readonly current: KeyValue | undefined };

export type StorageEvent =
  | { readonly type: 'put'; readonly current: KeyValue; readonly previous: KeyValue | undefined }
  /** `revision` is that of the deletion; `previous` the last value. */
  | {
      readonly type: 'delete';
      readonly key: string;
      readonly revision: Revision;
      readonly previous: KeyValue | undefined;
    };

/** What a watch yields: whole commits in order, none missing, none twice; or word that nothing happened up to a revision. */
export interface WatchBatch {
  readonly events: readonly StorageEvent[];
  /** Everything up to and including this revision has been delivered. */
  readonly revision: Revision;
}

export interface WatchOptions {
  /** The first revision wanted; 0 or absent means from when the store has begun the watch. */
  readonly fromRevision?: Revision;
}

export interface Storage {
  /** The newest committed revision, linearizable. */
  currentRevision(): Promise<Revision>;
  /** One key, as of `revision` if given. Throws CompactedError for a revision that is gone. */
  get(key: string, revision?: Revision): Promise<{ readonly revision: Revision; readonly item: KeyValue | undefined }>;
  range(range: KeyRange, options?: RangeOptions): Promise<RangeResult>;
  /** Resolves once the write is durable. Throws UnavailableError where its fate is unknown. */
  commit(commit: Commit): Promise<CommitResult>;
  /** Ends with CompactedError where `fromRevision` is gone, and quietly when the signal is aborted. */
  watch(range: KeyRange, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** Asks for a batch that tells watchers they have seen everything up to the current revision. */
  requestProgress(): Promise<void>;
  /** Forgets history before `revision`; reads and watches from before it fail with CompactedError. */
  compact(revision: Revision): Promise<void>;
  /** The oldest revision that may still be read, as far as this process knows; 0 before the first compaction. */
  readonly compactedRevision: Revision;
  /** Bytes on disk, for metrics; undefined where the driver cannot tell. */
  sizeBytes(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** The revision asked for was compacted away: readers get 410 Expired. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly compactRevision: Revision;

  constructor(compactRevision: Revision) {
    super(`required revision has been compacted: the oldest one kept is ${compactRevision}`);
    this.compactRevision = compactRevision;
  }
}

/** The revision asked for lies in the future. */
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
  readonly revision: Revision;
  readonly currentRevision: Revision;

  constructor(revision: Revision, currentRevision: Revision) {
    super(`required revision ${revision} is a future revision, the current one is ${currentRevision}`);
    this.revision = revision;
    this.currentRevision = currentRevision;
  }
}

/** The store cannot be reached, is closed, or did not say whether a write happened. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}
