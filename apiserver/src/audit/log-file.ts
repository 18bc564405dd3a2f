import { closeSync, mkdirSync, openSync, readdirSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock } from '@coracle/apimachinery/clock';
import type { AuditEvent } from './record.ts';
import type { AuditSink } from './sink.ts';

export interface AuditLogOptions {
  /** `-` is the standard output, which is never rotated. */
  readonly path: string;
  /** Days that old files are kept, `--audit-log-maxage`; 0: for ever. */
  readonly maxAgeDays: number;
  /** How many old files are kept, `--audit-log-maxbackup`; 0: all. */
  readonly maxBackups: number;
  /** MiB after which a file is put aside, `--audit-log-maxsize`. */
  readonly maxSizeMebibytes: number;
}

const dayMs = 24 * 3600 * 1000;

/**
 * One JSON line an event, written before the request goes on (upstream's mode `blocking`): an event that a client could
 * see the effect of is never lost with this process. Old files are named as lumberjack names them. Throws where the file
 * cannot be opened.
 */
export class AuditLogFile implements AuditSink {
  readonly name = 'log';
  readonly #options: AuditLogOptions;
  readonly #clock: Clock;
  #file: number;
  #sizeBytes: number;

  constructor(options: AuditLogOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    if (options.path === '-') [this.#file, this.#sizeBytes] = [1, 0];
    else {
      mkdirSync(dirname(options.path), { recursive: true });
      this.#file = openSync(options.path, 'a', 0o600);
      this.#sizeBytes = statSync(options.path).size;
      this.#removeOld();
    }
  }

  record(event: AuditEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const { path, maxSizeMebibytes } = this.#options;
    const full = this.#sizeBytes + line.length > maxSizeMebibytes * 1024 * 1024;
    if (path !== '-' && full && this.#sizeBytes > 0) this.#rotate();
    writeSync(this.#file, line);
    this.#sizeBytes += line.length;
  }

  async stop(): Promise<void> {
    if (this.#options.path !== '-') closeSync(this.#file);
  }

  #rotate(): void {
    const { path } = this.#options;
    closeSync(this.#file);
    renameSync(path, this.#backupPath());
    this.#file = openSync(path, 'a', 0o600);
    this.#sizeBytes = 0;
    this.#removeOld();
  }

  /** `audit-2026-01-01T00-00-00.000.log`; in the same folder. */
  #backupPath(): string {
    const { folder, stem, suffix } = this.#names();
    for (let at = this.#clock.now(); ; at++) {
      const name = `${stem}-${new Date(at).toISOString().replace('Z', '').replaceAll(':', '-')}${suffix}`;
      if (!readdirSync(folder).includes(name)) return join(folder, name);
    }
  }

  #removeOld(): void {
    const { maxAgeDays, maxBackups } = this.#options;
    const { folder, stem, suffix } = this.#names();
    const backups = readdirSync(folder)
      .map((name) => ({ name, at: timeOf(name, stem, suffix) }))
      .filter(({ at }) => at !== undefined)
      .sort((a, b) => (b.at as number) - (a.at as number));
    const oldest = maxAgeDays === 0 ? -Infinity : this.#clock.now() - maxAgeDays * dayMs;
    for (const [index, { name, at }] of backups.entries()) {
      const tooMany = maxBackups > 0 && index >= maxBackups;
      if (tooMany || (at as number) < oldest) unlinkSync(join(folder, name));
    }
  }

  #names() {
    const { path } = this.#options;
    const suffix = extname(path);
    return { folder: dirname(path), stem: basename(path, suffix), suffix };
  }
}

/** When a file was put aside; undefined for other files. */
function timeOf(name: string, stem: string, suffix: string): number | undefined {
  if (!name.startsWith(`${stem}-`) || !name.endsWith(suffix)) return undefined;
  const stamp = name.slice(stem.length + 1, name.length - suffix.length);
  const [, day, hour, minute, rest] = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(stamp) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${hour}:${minute}:${rest}Z`);
}
