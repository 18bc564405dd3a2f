import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `PodLogOptions` as far as the node answers them. */
export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Undefined = all. */
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  /** Milliseconds since 1970: older lines are left out. */
  readonly since?: number | undefined;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
}

/** What a follower has to know of the container that writes. */
export interface LogWriterState {
  readonly isRunning: () => boolean;
  /** Calls back when `isRunning` may have changed; returns how to stop listening. */
  readonly onChange: (callback: () => void) => () => void;
}

const chunkBytes = 64 * 1024;
const newline = 0x0a;

/** The text of a container's log file, which the runtime writes as `<time> <stream> <F|P> <text>` lines. */
export async function* readContainerLog(
  path: string,
  options: LogOptions,
  writer: LogWriterState,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of lines(path, options.tailLines, options.follow ? writer : undefined, signal)) {
    const text = render(line, options);
    if (!text) continue;
    if (text.length >= left) {
      yield text.subarray(0, left);
      return;
    }
    left -= text.length;
    yield text;
  }
}

/** Where the last `count` lines begin. */
async function tailOffset(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat();
  if (count <= 0) return size;
  const buffer = Buffer.alloc(chunkBytes);
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunkBytes);
    const { bytesRead } = await file.read(buffer, 0, end - start, start);
    for (let at = bytesRead - 1; at >= 0; at--) {
      // The newline that ends the file ends the last line; it does not begin another one.
      if (buffer[at] !== newline || start + at === size - 1) continue;
      if (++found === count) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

async function* lines(
  path: string,
  tailLines: number | undefined,
  writer: LogWriterState | undefined,
  signal: AbortSignal,
): AsyncIterable<Buffer> {
  // Before the file is opened: a rotation in between is then certainly noticed.
  using changes = writer ? listen(dirname(path), writer) : undefined;
  let file = await open(path);
  try {
    let position = tailLines === undefined ? 0 : await tailOffset(file, tailLines);
    let rest: Buffer = Buffer.alloc(0);
    const buffer = Buffer.alloc(chunkBytes);
    while (!signal.aborted) {
      // Asked before reading: what was written before the end is then certainly read.
      const mayGrow = writer?.isRunning() ?? false;
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) {
        const next = writer ? await reopened(file, path) : undefined;
        if (next) {
          await file.close();
          [file, position] = [next, 0];
        } else if (mayGrow && changes) await changes.next(signal);
        else break;
        continue;
      }
      position += bytesRead;
      const data = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, start)) {
        yield data.subarray(start, end + 1);
        start = end + 1;
      }
      rest = data.subarray(start);
    }
    if (rest.length > 0) yield rest;
  } finally {
    await file.close();
  }
}

/** The file that has taken the path since this one was opened; undefined where it is still the same, or none. */
async function reopened(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [own, present] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  return present && present.ino !== own.ino ? open(path) : undefined;
}

interface Changes extends Disposable {
  /** Resolves at the next change, at once if there was one since the last call. */
  next(signal: AbortSignal): Promise<void>;
}

function listen(folder: string, writer: LogWriterState): Changes {
  let changed = false;
  let wake = () => {};
  const note = () => {
    changed = true;
    wake();
  };
  const watcher = watch(folder, { persistent: false }, note);
  watcher.on('error', note);
  const unsubscribe = writer.onChange(note);
  return {
    async next(signal) {
      if (!changed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      changed = false;
    },
    [Symbol.dispose]() {
      watcher.close();
      unsubscribe();
    },
  };
}

/** What the reader gets of a line; undefined where it asked for other ones. */
function render(line: Buffer, { timestamps, since, stream }: LogOptions): Buffer | undefined {
  const space = 0x20;
  const timeEnd = line.indexOf(space);
  const streamEnd = line.indexOf(space, timeEnd + 1);
  const tagEnd = line.indexOf(space, streamEnd + 1);
  if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return undefined;
  const name = line.toString('latin1', timeEnd + 1, streamEnd);
  if (stream !== 'All' && name !== stream.toLowerCase()) return undefined;
  if (since !== undefined && Date.parse(line.toString('latin1', 0, timeEnd)) < since) return undefined;
  const isPartial = line[streamEnd + 1] === 0x50;
  const hasNewline = line[line.length - 1] === newline;
  const text = line.subarray(tagEnd + 1, isPartial && hasNewline ? line.length - 1 : line.length);
  return timestamps ? Buffer.concat([line.subarray(0, timeEnd + 1), text]) : text;
}
