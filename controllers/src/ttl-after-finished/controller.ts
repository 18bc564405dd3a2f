import { Jobs } from '@coracle/apimachinery/resources';
import type { Job } from '@coracle/apimachinery/types/batch-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { ignoreNotFound, isTerminating, parseTime } from '../shared/index.ts';
import { isStatus } from '@coracle/apimachinery/errors';

/** Deletes finished jobs once their `ttlSecondsAfterFinished` have passed. */
export const startTtlAfterFinished: StartController = ({ client, informers, clock, loop }) => {
  const jobs = informers.for(Jobs);
  const queue: WorkQueue = loop({ reconcile });
  const look = (job: Job): void => {
    if (remainingMs(job, clock.now()) !== undefined) queue.add(keyOf(job));
  };
  jobs.addHandler({ added: look, updated: look });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const cached = jobs.lister.get(name, namespace);
    if (!cached || !isDue(key, cached)) return;
    try {
      // The newest state decides: the time to live may just have been raised.
      const job = await client.get(Jobs, { name, namespace });
      if (!isDue(key, job)) return;
      const preconditions = { uid: job.metadata?.uid ?? '' };
      await ignoreNotFound(
        client.delete(Jobs, { name, namespace }, { propagationPolicy: 'Foreground', preconditions }),
      );
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  function isDue(key: string, job: Job): boolean {
    const remaining = remainingMs(job, clock.now());
    if (remaining === undefined) return false;
    if (remaining > 0) queue.addAfter(key, remaining);
    return remaining <= 0;
  }
};

/** Milliseconds that a finished job has left; undefined for one that lives on. */
export function remainingMs(job: Job, nowMs: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || isTerminating(job)) return undefined;
  const finished = job.status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const finishedAt = parseTime(finished?.lastTransitionTime);
  return finishedAt === undefined ? undefined : finishedAt + ttl * 1000 - nowMs;
}
