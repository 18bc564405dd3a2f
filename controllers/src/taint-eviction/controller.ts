import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, type StartController, splitKey } from '../runtime/index.ts';
import { deepEqual, formatTime, ignoreNotFound, isTerminating, nodeIndex } from '../shared/index.ts';
import { noExecuteTaints, toleratedMs } from './tolerations.ts';

/** Deletes pods from nodes with a `NoExecute` taint once they tolerate it no longer. */
export const startTaintEviction: StartController = ({ client, informers, events, clock, loop }) => {
  const nodes = informers.for(Nodes);
  const pods = informers.for(Pods);
  /** When each waiting pod's time began. */
  const waiting = new Map<string, { readonly uid: string; readonly since: number }>();
  const queue: WorkQueue = loop({ workers: 8, reconcile });
  const queuePods = (name: string): void => {
    for (const pod of pods.lister.byIndex(nodeIndex, name)) queue.add(keyOf(pod));
  };

  nodes.addHandler({
    added: (node) => {
      if (noExecuteTaints(node).length > 0) queuePods(keyOf(node));
    },
    updated: (node, previous) => {
      if (!deepEqual(noExecuteTaints(node), noExecuteTaints(previous))) queuePods(keyOf(node));
    },
  });
  const queueTainted = (pod: Pod): void => {
    const node = nodes.lister.get(pod.spec?.nodeName ?? '');
    if (waiting.has(keyOf(pod)) || noExecuteTaints(node).length > 0) queue.add(keyOf(pod));
  };
  pods.addHandler({ added: queueTainted, updated: queueTainted, deleted: queueTainted });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const pod = pods.lister.get(name, namespace);
    const before = waiting.get(key);
    if (!pod || isTerminating(pod)) {
      waiting.delete(key);
      return;
    }
    const taints = noExecuteTaints(nodes.lister.get(pod.spec?.nodeName ?? ''));
    const tolerated = toleratedMs(pod.spec?.tolerations ?? [], taints);
    if (tolerated === Number.POSITIVE_INFINITY) {
      if (before) events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      waiting.delete(key);
      return;
    }
    const uid = pod.metadata?.uid ?? '';
    const since = before?.uid === uid ? before.since : clock.now();
    waiting.set(key, { uid, since });
    const remaining = since + tolerated - clock.now();
    if (remaining > 0) return queue.addAfter(key, remaining);
    await evict(key, pod);
    waiting.delete(key);
  }

  async function evict(key: string, pod: Pod): Promise<void> {
    events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      observedGeneration: pod.metadata?.generation,
      lastTransitionTime: formatTime(clock.now()),
    };
    const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [condition] } };
    await ignoreNotFound(client.patch(Pods, objectKey(pod), { type: 'strategic', body }, { subresource: 'status' }));
    await ignoreNotFound(client.delete(Pods, objectKey(pod)));
  }
};
