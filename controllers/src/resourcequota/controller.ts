import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { canonicalQuantity } from '@coracle/apimachinery/quantity';
import { ResourceQuotas } from '@coracle/apimachinery/resources';
import type { GroupResource, ResourceRef } from '@coracle/apimachinery/schema';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { deepEqual } from '../shared/index.ts';
import { limitedResource, usageOf, usedOf } from './usage.ts';

const recountMs = 1000;

/** Counts what each quota's limits are about. Admission adds what comes; this takes back what goes. */
export const startResourceQuota: StartController = ({ client, informers, resources, clock, loop }) => {
  const quotas = informers.for(ResourceQuotas);
  const queue: WorkQueue = loop({ reconcile });
  quotas.addHandler({
    added: (quota) => queue.add(keyOf(quota)),
    // Admission writes the status with every object it lets in: only other limits have to be counted anew.
    updated(quota, previous) {
      const isCounted = quota.status?.used !== undefined && sameAmounts(quota.status.hard, quota.spec?.hard ?? {});
      if (!isCounted || !deepEqual(quota.spec, previous.spec)) queue.add(keyOf(quota));
    },
  });

  resources.follow({
    handler: (resource) => ({
      // Admission has counted it; counted again, a little later, mistakes of either do not last.
      added: (object) => queueAffected(resource, object, recountMs),
      updated(object, previous) {
        const nowMs = clock.now();
        if (!sameUsage(resource, object, previous, nowMs)) queueAffected(resource, object);
      },
      deleted: (object) => queueAffected(resource, object),
    }),
  });

  function queueAffected(resource: ResourceRef, { metadata }: KubernetesObject, delayMs = 0): void {
    if (!metadata?.namespace) return;
    for (const quota of quotas.lister.list(metadata.namespace)) {
      const isAffected = Object.keys(quota.spec?.hard ?? {}).some((name) => isSame(limitedResource(name), resource));
      if (isAffected) queue.addAfter(keyOf(quota), delayMs);
    }
  }

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const quota = quotas.lister.get(name, namespace);
    if (!quota) return;
    const used = usedOf(quota, (resource) => resources.lister(resource)?.list(namespace) ?? [], clock.now());
    const hard = quota.spec?.hard ?? {};
    if (sameAmounts(quota.status?.hard, hard) && sameAmounts(quota.status?.used, used)) return;
    await client.update(ResourceQuotas, { ...quota, status: { hard, used } }, { subresource: 'status' });
  }
};

function isSame(a: GroupResource | undefined, b: GroupResource): boolean {
  return a?.group === b.group && a.resource === b.resource;
}

function sameUsage(resource: ResourceRef, a: KubernetesObject, b: KubernetesObject, nowMs: number): boolean {
  if (resource.group !== '') return true;
  if (resource.resource === 'pods' && !deepEqual(statusOf(a), statusOf(b))) return false;
  const texts = (object: KubernetesObject) =>
    [...usageOf(resource, object, nowMs)].map(([name, amount]) => `${name}=${amount}`).join();
  return texts(a) === texts(b);
}

function statusOf(object: KubernetesObject): unknown {
  return [(object as { status?: { phase?: string } }).status?.phase, object.metadata?.deletionTimestamp];
}

function sameAmounts(a: Record<string, string> | undefined, b: Record<string, string>): boolean {
  const canonical = (amounts: Record<string, string>) =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, canonicalQuantity(amount)]));
  return a !== undefined && deepEqual(canonical(a), canonical(b));
}
