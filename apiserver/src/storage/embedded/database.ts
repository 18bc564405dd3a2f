import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { Revision } from '../storage.ts';
import type { CurrentRow, HistoryQuery, HistoryResult, HistoryRow, OpenResult, PackedWrites } from './protocol.ts';

/**
 * One row a write, in the order of revisions; nothing is ever changed in place. What is current is what no later row
 * replaces. `SELECT * FROM revisions` in any SQLite tool shows the cluster's history.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS revisions (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    created INTEGER NOT NULL,  -- revision of the key's creation
    previous INTEGER NOT NULL, -- revision of the row this one replaces, 0 for none
    expires INTEGER NOT NULL,  -- milliseconds since 1970, 0 for never
    value BLOB                 -- NULL: the key was deleted
  ) STRICT;
  CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
const schemaVersion = 1;

/** 16 MiB of log before it is folded into the file: a fold stalls writers for some milliseconds. */
const walPagesMax = 4096;
const pageBytes = 4096;
/** The main thread answers reads; the database's own cache only serves inserts. */
const cacheKibibytes = 4096;

const historyRowsMax = 1000;
const historyBytesMax = 8 * 1024 * 1024;
/** Rows looked at in one step of a compaction; writers get their turn in between. */
const compactionStepRevisions = 2000;

type Row = SQLOutputValue[];

/** All SQL of the driver. Synchronous: it runs in a thread of its own. */
export class Database {
  readonly #sql: DatabaseSync;
  readonly #insert: StatementSync;

  /** Throws with a message for the operator where the file is in use, damaged or of a newer version. */
  constructor(path: string) {
    this.#sql = openFile(path);
    this.#insert = this.#sql.prepare('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)');
  }

  load(): OpenResult {
    const current = this.#sql.prepare(`
      SELECT key, revision, created, expires, value FROM revisions
      WHERE value IS NOT NULL AND revision NOT IN (SELECT previous FROM revisions) ORDER BY revision`);
    current.setReturnArrays(true);
    const rows: CurrentRow[] = [];
    for (const row of current.iterate() as unknown as Iterable<Row>) {
      const [key, revision, createRevision, expiresAt, value] = row as [string, number, number, number, Uint8Array];
      rows.push({ key, revision, createRevision, expiresAt, value });
    }
    return { revision: this.newestRevision(), compactedRevision: this.#mark('compacted'), rows };
  }

  newestRevision(): Revision {
    // The newest row is never compacted away.
    return Number(this.#sql.prepare('SELECT max(revision) AS newest FROM revisions').get()?.['newest'] ?? 0);
  }

  /** Durable when it returns; throws with nothing written. */
  append({ firstRevision, keys, numbers, bytes }: PackedWrites): void {
    this.#transaction(() => {
      let offset = 0;
      for (const [index, key] of keys.entries()) {
        const [created = 0, previous = 0, expires = 0, length = 0] = numbers.subarray(index * 4, index * 4 + 4);
        const value = length < 0 ? null : bytes.subarray(offset, offset + length);
        this.#insert.run(firstRevision + index, key, created, previous, expires, value);
        offset += Math.max(0, length);
      }
    });
  }

  history({ from, to, start, end }: HistoryQuery): HistoryResult {
    const inRange = end === undefined ? 'e.key = ?' : 'e.key >= ? AND e.key < ?';
    const query = this.#sql.prepare(`
      SELECT e.key, e.revision, e.created, e.value, p.revision, p.created, p.value
      FROM revisions e LEFT JOIN revisions p ON p.revision = e.previous
      WHERE e.revision BETWEEN ? AND ? AND ${inRange} ORDER BY e.revision`);
    query.setReturnArrays(true);
    const bounds = end === undefined ? [from, to, start] : [from, to, start, end];
    const rows: HistoryRow[] = [];
    let bytes = 0;
    for (const row of query.iterate(...bounds) as unknown as Iterable<Row>) {
      if (rows.length === historyRowsMax || bytes > historyBytesMax) return { rows, nextFrom: Number(row[1]) };
      const event = historyRow(row);
      rows.push(event);
      bytes += (event.value?.length ?? 0) + (event.previous?.value.length ?? 0);
    }
    return { rows, nextFrom: undefined };
  }

  /** From now on nothing older than `revision` may be read; then `sweep` takes it away. */
  markCompacted(revision: Revision): void {
    this.#setMark('compacted', revision);
  }

  /** Removes some of what may not be read any more. False when nothing is left to do. */
  sweep(): boolean {
    const compacted = this.#mark('compacted');
    const from = this.#mark('swept');
    if (from >= compacted) return false;
    const to = Math.min(from + compactionStepRevisions, compacted);
    this.#transaction(() => {
      const replaced = 'SELECT previous FROM revisions WHERE revision >= ? AND revision < ?';
      this.#sql.prepare(`DELETE FROM revisions WHERE revision IN (${replaced})`).run(from, to);
      this.#sql.prepare('DELETE FROM revisions WHERE revision >= ? AND revision < ? AND value IS NULL').run(from, to);
      this.#setMark('swept', to);
    });
    return to < compacted;
  }

  close(): void {
    this.#sql.close();
  }

  #transaction(work: () => void): void {
    this.#sql.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#sql.exec('COMMIT');
    } catch (error) {
      if (this.#sql.isTransaction) this.#sql.exec('ROLLBACK');
      throw error;
    }
  }

  #mark(name: string): Revision {
    return Number(this.#sql.prepare('SELECT revision FROM marks WHERE name = ?').get(name)?.['revision'] ?? 0);
  }

  #setMark(name: string, revision: Revision): void {
    this.#sql.prepare('INSERT OR REPLACE INTO marks VALUES (?, ?)').run(name, revision);
  }
}

function historyRow(row: Row): HistoryRow {
  const [key, revision, createRevision, value, previousRevision, previousCreated, previousValue] = row;
  return {
    key: key as string,
    revision: revision as number,
    createRevision: createRevision as number,
    value: (value as Uint8Array | null) ?? undefined,
    previous:
      previousValue instanceof Uint8Array
        ? {
            revision: previousRevision as number,
            createRevision: previousCreated as number,
            value: previousValue,
          }
        : undefined,
  };
}

function openFile(path: string): DatabaseSync {
  let sql: DatabaseSync | undefined;
  try {
    sql = new DatabaseSync(path, { timeout: 0 });
    // The lock is SQLite's own and goes with the process, however that ends; it also keeps the log's index off the disk.
    sql.exec('PRAGMA locking_mode = EXCLUSIVE');
    sql.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    sql.exec(`PRAGMA wal_autocheckpoint = ${walPagesMax}; PRAGMA cache_size = -${cacheKibibytes}`);
    const version = Number(sql.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > schemaVersion) {
      throw new Error(
        `it was written by a newer version of this program (format ${version}, known is ${schemaVersion})`,
      );
    }
    sql.exec(`BEGIN EXCLUSIVE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT`);
    return sql;
  } catch (error) {
    if (sql?.isOpen) sql.close();
    throw new Error(`cannot open the store ${path}: ${explain(error)}`);
  }
}

const sqliteBusy = 5;
const sqliteCorrupt = 11;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;

function explain(error: unknown): string {
  const { errcode, message } = error as { errcode?: number; message: string };
  switch (errcode) {
    case sqliteBusy:
      return 'another process is using it; stop that one first, or choose another directory';
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return `it is damaged or not a database (${message}); restore it from a backup, or move it away to start empty`;
    case sqliteCannotOpen:
      return 'the directory cannot be written to';
    default:
      return message;
  }
}
