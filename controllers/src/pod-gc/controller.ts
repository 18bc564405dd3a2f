import { isStatus } from '@coracle/apimachinery/errors';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, type StartController, splitKey } from '../runtime/index.ts';
import {
  byCreation,
  formatTime,
  ignoreNotFound,
  isConditionTrue,
  isPodTerminal,
  isTerminating,
  nodeIndex,
} from '../shared/index.ts';

/** Finished pods that are kept (`--terminated-pod-gc-threshold`). */
const terminatedPodsMax = 12_500;
/** How long a node may be away before its pods are given up. */
const quarantineMs = 40_000;
/** Finished pods are counted at most this often. */
const countMs = 20_000;
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';
const countKey = '(count)';

/** Deletes pods that nobody else will: of nodes that are gone, unscheduled ones that leave, and too many finished ones. */
export const startPodGc: StartController = ({ client, informers, clock, loop }) => {
  const nodes = informers.for(Nodes);
  const pods = informers.for(Pods);
  const nodeQueue: WorkQueue = loop({ name: 'nodes', workers: 1, reconcile: collectOrphans });
  const podQueue: WorkQueue = loop({ name: 'pods', reconcile: collectPod });

  const look = (pod: Pod): void => {
    const node = pod.spec?.nodeName;
    if (node && !nodes.lister.get(node)) nodeQueue.addAfter(node, quarantineMs);
    if (isTerminating(pod)) podQueue.add(keyOf(pod));
    if (isPodTerminal(pod)) podQueue.addAfter(countKey, countMs);
  };
  pods.addHandler({ added: look, updated: look });
  nodes.addHandler({
    updated(node) {
      if (isOutOfService(keyOf(node))) for (const pod of pods.lister.byIndex(nodeIndex, keyOf(node))) look(pod);
    },
    deleted: (node) => nodeQueue.addAfter(keyOf(node), quarantineMs),
  });

  async function collectOrphans(nodeName: string): Promise<void> {
    const orphans = pods.lister.byIndex(nodeIndex, nodeName);
    if (orphans.length === 0 || nodes.lister.get(nodeName) || (await nodeExists(nodeName))) return;
    for (const pod of orphans) {
      await failAndDelete(pod, {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
        observedGeneration: pod.metadata?.generation,
        lastTransitionTime: formatTime(clock.now()),
      });
    }
  }

  async function nodeExists(name: string): Promise<boolean> {
    try {
      await client.get(Nodes, { name });
      return true;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false;
      throw error;
    }
  }

  async function collectPod(key: string): Promise<void> {
    if (key === countKey) return collectTerminated();
    const { name, namespace } = splitKey(key);
    const pod = pods.lister.get(name, namespace);
    if (!pod || !isTerminating(pod)) return;
    if (!pod.spec?.nodeName || isOutOfService(pod.spec.nodeName)) await failAndDelete(pod);
  }

  function isOutOfService(nodeName: string): boolean {
    const node = nodes.lister.get(nodeName);
    if (!node || isConditionTrue(node.status?.conditions, 'Ready')) return false;
    return (node.spec?.taints ?? []).some(({ key }) => key === outOfServiceTaint);
  }

  async function collectTerminated(): Promise<void> {
    const finished = pods.lister.list().filter(isPodTerminal);
    const surplus = finished.length - terminatedPodsMax;
    if (surplus <= 0) return;
    finished.sort((a, b) => Number(isEvicted(b)) - Number(isEvicted(a)) || byCreation(a, b));
    for (const pod of finished.slice(0, surplus)) await failAndDelete(pod);
  }

  async function failAndDelete(pod: Pod, condition?: Record<string, unknown>): Promise<void> {
    if (!isPodTerminal(pod)) {
      const status = { phase: 'Failed', ...(condition ? { conditions: [condition] } : {}) };
      const body = { metadata: { uid: pod.metadata?.uid }, status };
      await ignoreNotFound(client.patch(Pods, objectKey(pod), { type: 'strategic', body }, { subresource: 'status' }));
    }
    await ignoreNotFound(client.delete(Pods, objectKey(pod), { gracePeriodSeconds: 0 }));
  }
};

function isEvicted(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';
}
