import type { Logger } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import type { WorkQueue } from '@coracle/client/workqueue';
import type { LoopOptions } from './context.ts';

const defaultWorkers = 5;

/** Works on the queue's keys until it is shut down; resolves when the last key's turn has ended. */
export async function runLoop(queue: WorkQueue, options: LoopOptions, log: Logger): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      try {
        await options.reconcile(key);
        queue.forget(key);
      } catch (error) {
        logFailure(log, key, error);
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  };
  await Promise.all(Array.from({ length: options.workers ?? defaultWorkers }, worker));
}

/** Lost races are everyday: the newer state is on its way here already. */
function logFailure(log: Logger, key: string, error: unknown): void {
  const expected = isStatus(error, 'Conflict') || isStatus(error, 'NotFound') || isStatus(error, 'AlreadyExists');
  const fields = { key, error: error instanceof Error ? (expected ? error.message : error.stack) : String(error) };
  if (expected) log.debug('reconcile lost a race and is retried', fields);
  else log.warn('reconcile failed and is retried', fields);
}
