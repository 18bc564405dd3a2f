import { Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import { objectKey } from '../runtime/index.ts';
import { ignoreNotFound } from '../shared/index.ts';
import { hasTrackingFinalizer, trackingFinalizer } from './job-pods.ts';

/** Pods whose finalizer was removed by this process and whose newer state the cache has yet to show, per job. */
export class ReleasedPods {
  readonly #byJob = new Map<string, Set<string>>();

  of(job: string): ReadonlySet<string> {
    return this.#byJob.get(job) ?? new Set();
  }

  add(job: string, uid: string): void {
    const uids = this.#byJob.get(job);
    if (uids) uids.add(uid);
    else this.#byJob.set(job, new Set([uid]));
  }

  seen(job: string, uid: string): void {
    const uids = this.#byJob.get(job);
    uids?.delete(uid);
    if (uids?.size === 0) this.#byJob.delete(job);
  }

  forget(job: string): void {
    this.#byJob.delete(job);
  }
}

/** Lets the pod go: it has been counted, or there is nobody to count it. */
export async function removeTrackingFinalizer(client: Client, pod: Pod): Promise<void> {
  if (!hasTrackingFinalizer(pod)) return;
  const body = { metadata: { uid: pod.metadata?.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  await ignoreNotFound(client.patch(Pods, objectKey(pod), { type: 'strategic', body }));
}
