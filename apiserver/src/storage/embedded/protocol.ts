import type { Revision } from '../storage.ts';

/** What the main thread and the thread with the database say to each other. */
export type Request =
  | { readonly type: 'open'; readonly path: string }
  | ({ readonly type: 'append' } & PackedWrites)
  | ({ readonly type: 'history' } & HistoryQuery)
  | { readonly type: 'compact'; readonly revision: Revision }
  | { readonly type: 'close' };

export type Message = Request & { readonly id: number };

export type Reply =
  | { readonly id: number; readonly ok: true; readonly result?: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/** Revisions in a row, with everything of variable length in one buffer that changes hands without a copy. */
export interface PackedWrites {
  readonly firstRevision: Revision;
  readonly keys: readonly string[];
  /** Four numbers a write: createRevision, previous modRevision, expiry (ms since 1970, 0 for never), bytes (-1: deletion). */
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
}

export interface HistoryQuery {
  readonly from: Revision;
  readonly to: Revision;
  readonly start: string;
  /** Undefined for the single key `start`. */
  readonly end: string | undefined;
}

export interface OpenResult {
  readonly revision: Revision;
  readonly compactedRevision: Revision;
  readonly rows: readonly CurrentRow[];
}

export interface CurrentRow {
  readonly key: string;
  readonly revision: Revision;
  readonly createRevision: Revision;
  /** Milliseconds since 1970; 0 for never. */
  readonly expiresAt: number;
  readonly value: Uint8Array;
}

/** One write of the past, with what it replaced. */
export interface HistoryRow {
  readonly key: string;
  readonly revision: Revision;
  readonly createRevision: Revision;
  /** Undefined for a deletion. */
  readonly value: Uint8Array | undefined;
  readonly previous:
    | { readonly revision: Revision; readonly createRevision: Revision; readonly value: Uint8Array }
    | undefined;
}

export interface HistoryResult {
  readonly rows: readonly HistoryRow[];
  /** The answer was cut here: ask again from `nextFrom`. */
  readonly nextFrom: Revision | undefined;
}
