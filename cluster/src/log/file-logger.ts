import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';
import type { LogFields, Logger } from '@coracle/apimachinery/component';
import type { Clock } from '@coracle/apimachinery/clock';

/** A log beyond this many bytes is set aside as `<name>.1` at the next start. */
const logBytesMax = 20 * 1024 * 1024;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface FileLogger extends Logger {
  /** Resolves when every line is in the file. */
  close(): Promise<void>;
}

/** One JSON object a line: `time`, `level`, `message` and the fields. */
export function createFileLogger(path: string, clock: Clock, level: LogLevel = 'info'): FileLogger {
  if (existsSync(path) && statSync(path).size > logBytesMax) renameSync(path, `${path}.1`);
  const file = new LogFile(path);
  return { ...loggerOn(file, clock, levels.indexOf(level), {}), close: () => file.close() };
}

/** Lines that cannot be written are lost, and the file is opened again for the next: a full disk ends no cluster. */
class LogFile {
  readonly #path: string;
  #stream: WriteStream | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  write(line: string): void {
    this.#stream ??= this.#open();
    this.#stream.write(line);
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.end();
    await new Promise((resolve) => stream.once('close', resolve));
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#path, { flags: 'a', mode: 0o600 });
    stream.once('close', () => {
      if (this.#stream === stream) this.#stream = undefined;
    });
    return stream.on('error', () => {});
  }
}

function loggerOn(file: LogFile, clock: Clock, threshold: number, base: LogFields): Logger {
  const write = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (levels.indexOf(level) < threshold) return;
    const line = { time: new Date(clock.now()).toISOString(), level, message, ...base, ...fields };
    file.write(`${JSON.stringify(line, plainErrors)}\n`);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    with: (fields) => loggerOn(file, clock, threshold, { ...base, ...fields }),
  };
}

/** An Error has no enumerable fields: without this it would print as `{}`. */
function plainErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value;
}
