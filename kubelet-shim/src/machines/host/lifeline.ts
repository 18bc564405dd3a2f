import { constants, open } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { run } from './command.ts';

/**
 * Tells when a process ends that is not a child of ours: it, and everything it starts, holds the writing end of a FIFO.
 * Works the same for processes that an earlier run of this program started.
 */
export interface Lifeline {
  /** Resolves with the first line that is written; rejects where the last holder ends before. */
  readonly firstLine: Promise<string>;
  /** Resolves once nobody holds the other end. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Makes the FIFO anew: to be called before its holder starts. */
export async function makeLifeline(path: string): Promise<void> {
  await rm(path, { force: true });
  await run(['mkfifo', '-m', '600', path]);
}

/** Takes the reading end. Opening does not wait for a holder; `watch` must be called once there is (or was) one. */
export async function openLifeline(path: string): Promise<{ watch(): Lifeline }> {
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { watch: () => watchDescriptor(descriptor) };
}

/** The socket owns the descriptor from here on. */
function watchDescriptor(fd: number): Lifeline {
  const socket = new Socket({ fd, readable: true, writable: false });
  const line = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const end = text.indexOf('\n');
    if (end >= 0) line.resolve(text.slice(0, end));
  });
  const finish = () => {
    line.reject(new Error('the process ended before it was ready'));
    ended.resolve();
  };
  socket.on('end', finish);
  socket.on('error', finish);
  // Whoever does not ask for the line must not be hit by its absence.
  line.promise.catch(() => {});
  return { firstLine: line.promise, ended: ended.promise, close: () => socket.destroy() };
}
