/**
 * The API server over memory as a process of its own, for tests that try to break it. Told by its parent over IPC; tells
 * what a healthy process never has: exceptions and rejections that nobody caught, and requests that failed inside.
 */
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFields, silentLogger } from '@coracle/apimachinery/component';
import { startOwnApiServer } from './own-api-server.ts';
import type { FromServer, ToServer } from './server-process.ts';

/** Nobody else is served while one request computes this long. Processor time, as the machine may be busy with others. */
const blockedMsMax = 2000;
const tickMs = 100;

const tell = (message: FromServer): void => void process.send?.(message);
process.on('uncaughtException', (error, origin) => tell({ type: 'fault', text: `${origin}: ${inspect(error)}` }));

const log = {
  ...silentLogger,
  error: (message: string, fields?: LogFields) =>
    tell({ type: 'log', text: `${message} ${inspect(fields, { depth: 4 })}` }),
};
const { url, pki, storage, stop } = await startOwnApiServer({ log });

watchForBlocks();

process.on('message', (message: ToServer) => {
  if (message.type === 'measure') void measure();
});
process.once('disconnect', () => void stop().finally(() => process.exit(0)));
tell({ type: 'ready', url, pki });

/** Tells of a stretch in which this thread did nothing but compute. */
function watchForBlocks(): void {
  let last = process.threadCpuUsage();
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    const ms = Math.round((user + system) / 1000);
    if (ms > blockedMsMax) tell({ type: 'fault', text: `nobody was served for ${ms} ms of processor time` });
  }, tickMs).unref();
}

/** Pauses between collections: finalizers and closing sockets get their turn. */
const collections = 4;
const pauseMs = 50;

async function measure(): Promise<void> {
  const revision = await storage.currentRevision();
  if (revision > storage.compactedRevision) await storage.compact(revision);
  // Caches of recent changes see only with what the store tells next that it has forgotten them.
  await storage.requestProgress();
  for (let count = 0; count < collections; count++) {
    globalThis.gc?.();
    await sleep(pauseMs);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  tell({ type: 'memory', heapUsed, external, rss });
}
