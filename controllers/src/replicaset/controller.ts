import { isStatus } from '@coracle/apimachinery/errors';
import { Pods, ReplicaSets, ReplicationControllers } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { LabelSelectorObject } from '@coracle/apimachinery/selectors';
import type { ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { Pod, ReplicationController } from '@coracle/apimachinery/types/core-v1';
import type { Informer } from '@coracle/client/informer';
import type { WorkQueue } from '@coracle/client/workqueue';
import {
  type ControllerContext,
  keyOf,
  objectKey,
  queueSelf,
  type StartController,
  splitKey,
} from '../runtime/index.ts';
import {
  childHandler,
  childrenAndOrphans,
  childrenOf,
  claimObjects,
  controllerOf,
  controllerReference,
  createPodControl,
  Expectations,
  isNamespaceTerminating,
  isPodActive,
  isPodReady,
  isPodTerminating,
  matchesSelector,
  nextAvailabilityMs,
  type PodControl,
  podFromTemplate,
  slowStart,
  statusEqual,
} from '../shared/index.ts';
import { planReplicas, type ReplicaOwner, type ReplicaStatus, replicaStatus } from './reconcile.ts';

interface ReplicaKind<T extends ReplicaOwner> {
  readonly resource: ResourceRef<T>;
  readonly selectorOf: (owner: T) => LabelSelectorObject | undefined;
  /** Owners that share a controller with this one; their pods crowd the same nodes. */
  readonly siblings: (owner: T, owners: Informer<T>) => readonly T[];
  readonly countsTerminating: boolean;
}

export const startReplicaSet: StartController = (context) =>
  startReplicas<ReplicaSet>(context, {
    resource: ReplicaSets,
    selectorOf: (set) => set.spec?.selector,
    siblings: (set, sets) => {
      const uid = controllerOf(set)?.uid;
      return uid === undefined ? [set] : childrenOf(sets.lister, { metadata: { uid } });
    },
    countsTerminating: true,
  });

export const startReplicationController: StartController = (context) =>
  startReplicas<ReplicationController>(context, {
    resource: ReplicationControllers,
    selectorOf: (controller) => ({ matchLabels: controller.spec?.selector ?? {} }),
    siblings: (controller) => [controller],
    countsTerminating: false,
  });

function startReplicas<T extends ReplicaOwner>(context: ControllerContext, kind: ReplicaKind<T>): void {
  const { client, clock, informers } = context;
  const owners = informers.for(kind.resource);
  const pods = informers.for(Pods);
  const expectations = new Expectations(clock);
  const podControl = createPodControl(client, context.events);
  const matches = (owner: T, pod: Pod) => matchesSelector(kind.selectorOf(owner), pod.metadata?.labels);

  const queue: WorkQueue = context.loop({ reconcile });
  owners.addHandler(queueSelf(queue));
  pods.addHandler(
    childHandler({
      owners: owners.lister,
      ownerKind: kind.resource.kind,
      queue,
      expectations,
      matches,
      onUpdate: (owner, pod, previous) => {
        const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
        if (minReadySeconds > 0 && isPodReady(pod) && !isPodReady(previous)) {
          queue.addAfter(keyOf(owner), (minReadySeconds + 1) * 1000);
        }
      },
    }),
  );

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const owner = owners.lister.get(name, namespace);
    if (!owner) return expectations.forget(key);
    const candidates = childrenAndOrphans(pods.lister, owner);
    const active = await claimObjects(candidates.filter(isPodActive), {
      client,
      owner,
      ownerResource: kind.resource,
      resource: Pods,
      matches: (pod) => matches(owner, pod),
    });
    const terminating = kind.countsTerminating
      ? childrenOf(pods.lister, owner).filter((pod) => isPodTerminating(pod) && matches(owner, pod))
      : undefined;
    const nowMs = clock.now();
    const mayAct = expectations.satisfied(key) && owner.metadata?.deletionTimestamp === undefined;
    const failure = mayAct ? await act(key, owner, active) : undefined;
    const status = replicaStatus(owner, terminating ? { active, terminating } : { active }, failure, nowMs);
    await writeStatus(owner, status);
    if (failure !== undefined) throw failure;
    const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
    if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas) {
      queue.addAfter(key, nextAvailabilityMs(active, minReadySeconds, nowMs) ?? minReadySeconds * 1000);
    }
  }

  /** Creates or deletes pods; the first failure is returned, not thrown, because it belongs in the status. */
  async function act(key: string, owner: T, active: readonly Pod[]): Promise<unknown> {
    const related = active.length > (owner.spec?.replicas ?? 1) ? relatedPods(owner) : [];
    const plan = planReplicas(owner, active, related, clock.now());
    if ('create' in plan) return createPods(key, owner, plan.create);
    return deletePods(key, owner, plan.delete);
  }

  async function createPods(key: string, owner: T, count: number): Promise<unknown> {
    expectations.expect(key, count);
    const reference = controllerReference(owner, kind.resource);
    const { successes, error } = await slowStart(count, async () => {
      try {
        await podControl.create(podFromTemplate(owner.spec?.template, owner, reference), owner);
      } catch (failure) {
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = count - successes; missing > 0; missing--) expectations.creationObserved(key);
    return error;
  }

  async function deletePods(key: string, owner: T, doomed: readonly Pod[]): Promise<unknown> {
    if (doomed.length === 0) return undefined;
    expectations.expect(
      key,
      0,
      doomed.map((pod) => pod.metadata?.uid ?? ''),
    );
    return firstFailure(doomed, (pod) => deletePod(podControl, pod, owner, expectations, key));
  }

  function relatedPods(owner: T): Pod[] {
    const siblings = kind.siblings(owner, owners);
    return pods.lister
      .list(owner.metadata?.namespace)
      .filter((pod) => siblings.some((sibling) => matches(sibling, pod)));
  }

  async function writeStatus(owner: T, status: ReplicaStatus): Promise<void> {
    if (statusEqual(owner.status, status)) return;
    try {
      await client.update(kind.resource, { ...owner, status }, { subresource: 'status' });
    } catch (error) {
      if (!isStatus(error, 'Conflict')) throw error;
      // One retry on the newest object: counts of pods do not depend on what else changed.
      const fresh = await client.get(kind.resource, objectKey(owner));
      await client.update(kind.resource, { ...fresh, status }, { subresource: 'status' });
    }
  }
}

async function deletePod(
  control: PodControl,
  pod: Pod,
  owner: ReplicaOwner,
  expectations: Expectations,
  key: string,
): Promise<void> {
  try {
    await control.delete(pod, owner);
  } catch (error) {
    expectations.deletionObserved(key, pod.metadata?.uid ?? '');
    if (!isStatus(error, 'NotFound')) throw error;
  }
}

/** Works on all at once; the first failure or undefined. */
async function firstFailure<I>(items: readonly I[], work: (item: I) => Promise<void>): Promise<unknown> {
  const results = await Promise.allSettled(items.map(work));
  return results.find((result) => result.status === 'rejected')?.reason;
}
