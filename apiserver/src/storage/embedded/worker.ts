import { parentPort } from 'node:worker_threads';
import { Database } from './database.ts';
import type { HistoryResult, Message, OpenResult, Reply, Request } from './protocol.ts';

/** The thread that owns the database. Requests are answered in order; sweeping happens when there are none. */
const port = parentPort;
if (port === null) throw new Error('this file is the body of a worker thread');

let database: Database | undefined;

port.on('message', (message: Message) => {
  answer(message);
  // Only these can leave something to sweep: the database is not asked after every write.
  if (message.type === 'open' || message.type === 'compact') scheduleSweep();
});

let sweepScheduled = false;

function scheduleSweep(): void {
  if (sweepScheduled || database === undefined) return;
  sweepScheduled = true;
  setImmediate(() => {
    sweepScheduled = false;
    if (database?.sweep()) scheduleSweep();
  });
}

function answer({ id, ...request }: Message): void {
  try {
    const result = run(request as Request);
    port?.postMessage({ id, ok: true, result } satisfies Reply, buffersOf(result));
  } catch (error) {
    port?.postMessage({ id, ok: false, error: error instanceof Error ? error.message : String(error) } satisfies Reply);
  }
}

function run(request: Request): OpenResult | HistoryResult | undefined {
  if (request.type === 'open') {
    database = new Database(request.path);
    return database.load();
  }
  if (database === undefined) throw new Error('the store is not open');
  switch (request.type) {
    case 'append':
      database.append(request);
      return undefined;
    case 'history':
      return database.history(request);
    case 'compact':
      database.markCompacted(request.revision);
      return undefined;
    case 'close':
      database.close();
      database = undefined;
      port?.close();
      return undefined;
  }
}

/** Values change hands without a copy. */
function buffersOf(result: OpenResult | HistoryResult | undefined): ArrayBuffer[] {
  if (result === undefined) return [];
  const buffers = new Set<ArrayBuffer>();
  for (const row of result.rows) {
    if (row.value !== undefined) buffers.add(row.value.buffer as ArrayBuffer);
    if ('previous' in row && row.previous !== undefined) buffers.add(row.previous.value.buffer as ArrayBuffer);
  }
  return [...buffers];
}
