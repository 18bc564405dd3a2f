import { open } from 'node:fs/promises';
import type { Container } from '../runtime/index.ts';
import { annotation } from './observed.ts';

const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;
/** Enough of the file's end to hold the last lines with the runtime's prefixes. */
const logTailBytes = 16 * 1024;

/**
 * What an ended container has to say: its termination file, or the end of its log where it failed silently and asked for
 * that. `logFile` is the container's log on this node.
 */
export async function terminationMessage(container: Container, logFile: string): Promise<string> {
  const path = container.annotations[annotation.terminationMessagePath];
  const mount = container.mounts.find(({ containerPath }) => containerPath === path);
  const own = mount ? await readHead(mount.hostPath) : '';
  const policy = container.annotations[annotation.terminationMessagePolicy];
  const fallsBack = own === '' && policy === 'FallbackToLogsOnError' && container.exitCode !== 0;
  const message = fallsBack ? await lastLogLines(logFile) : own;
  return [container.message, message].filter((part) => part !== '').join(': ');
}

async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(messageBytesMax), 0, messageBytesMax, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}

/** The payload of CRI log lines: `<time> <stream> <F|P> <text>`. */
async function lastLogLines(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, logTailBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .slice(size > length ? 1 : 0);
    const texts = lines.flatMap((line) => {
      const match = /^\S+ (?:stdout|stderr) ([FP])\S* ?(.*)$/.exec(line);
      return match ? [`${match[2]}${match[1] === 'F' ? '\n' : ''}`] : [];
    });
    return texts.slice(-logLinesMax).join('').slice(-logBytesMax);
  } catch {
    return '';
  }
}
