import { Leases, Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { type ControllerContext, keyOf, objectKey } from '../runtime/index.ts';
import { findCondition, formatTime, ignoreNotFound, isConditionTrue, isPodReady, nodeIndex } from '../shared/index.ts';
import { NodeHealth, unknownConditions } from './health.ts';
import { type EvictionState, taintsOf, wantsEviction } from './taints.ts';
import { ZoneEvictions, zoneOf } from './zones.ts';

const leaseNamespace = 'kube-node-lease';
const mirroredLabels = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

/** Notices nodes that are heard of no more, taints nodes by their conditions, and marks their pods. */
export function startNodeLifecycle({ client, informers, events, clock, loop }: ControllerContext): void {
  const nodes = informers.for(Nodes);
  const pods = informers.for(Pods);
  const leases = informers.for(Leases, { namespace: leaseNamespace });
  const health = new NodeHealth();
  const evictions = new ZoneEvictions();
  let allWereLost = false;
  const queue: WorkQueue = loop({ workers: 8, reconcile });

  nodes.addHandler({
    added(node) {
      const name = keyOf(node);
      health.heardNode(node, clock.now());
      events.event(node, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      queue.add(name);
    },
    updated(node) {
      health.heardNode(node, clock.now());
      queue.add(keyOf(node));
    },
    deleted(node) {
      const name = keyOf(node);
      health.forget(name);
      events.event(node, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      queue.add(name);
    },
  });
  const heardLease = (lease: Parameters<NodeHealth['heardLease']>[1]): void => {
    const name = lease.metadata?.name ?? '';
    // A sign of life from a healthy node asks for nothing: its deadline is looked at when it comes.
    const isNews = health.heardLease(name, lease, clock.now());
    const node = nodes.lister.get(name);
    if (isNews && node && findCondition(node.status?.conditions, 'Ready')?.status === 'Unknown') queue.add(name);
  };
  leases.addHandler({ added: heardLease, updated: heardLease });
  pods.addHandler({
    added: queueLostNode,
    updated(pod, previous) {
      if (pod.spec?.nodeName !== previous.spec?.nodeName) queueLostNode(pod);
    },
  });

  function queueLostNode(pod: Pod): void {
    const node = nodes.lister.get(pod.spec?.nodeName ?? '');
    if (node && !isReady(node)) queue.add(keyOf(node));
  }

  async function reconcile(name: string): Promise<void> {
    const node = nodes.lister.get(name);
    if (!node) return;
    const remaining = health.remainingMs(node, clock.now());
    const conditions = remaining === 0 ? unknownConditions(node, clock.now()) : undefined;
    if (conditions) {
      const wasReady = isReady(node);
      const status = { ...node.status, conditions };
      const updated = await client.update(Nodes, { ...node, status }, { subresource: 'status' });
      if (wasReady) events.event(updated, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      await follow(name, updated);
      return;
    }
    if (remaining > 0) queue.addAfter(name, remaining + 1);
    await follow(name, node);
  }

  /** Taints, labels and pods as the node's conditions want them. */
  async function follow(name: string, node: Node): Promise<void> {
    await mirrorLabels(node);
    const taints = taintsOf(node, decideEviction(name, node), clock.now());
    if (taints) {
      const metadata = { uid: node.metadata?.uid, resourceVersion: node.metadata?.resourceVersion };
      await client.patch(Nodes, { name }, { type: 'merge', body: { metadata, spec: { taints } } });
    }
    if (findCondition(node.status?.conditions, 'Ready') && !isReady(node)) await markPodsNotReady(name);
  }

  function decideEviction(name: string, node: Node): EvictionState {
    const all = nodes.lister.list();
    const allAreLost = all.every((candidate) => !isReady(candidate));
    if (allAreLost !== allWereLost) {
      allWereLost = allAreLost;
      if (!allAreLost) health.restart(clock.now());
      for (const other of all) queue.add(keyOf(other));
    }
    // Every node lost at once: likelier that this process is cut off than that all of them are gone.
    if (allAreLost) return 'clear';
    if (!wantsEviction(node)) return 'hold';
    const zone = zoneOf(node);
    const wait = evictions.take(
      zone,
      all.filter((candidate) => zoneOf(candidate) === zone),
      clock.now(),
    );
    if (wait === 0) return 'evict';
    if (wait !== undefined) queue.addAfter(name, wait);
    return 'hold';
  }

  async function mirrorLabels(node: Node): Promise<void> {
    const own = node.metadata?.labels ?? {};
    const labels: Record<string, string> = {};
    for (const [primary, secondary] of mirroredLabels) {
      const value = own[primary];
      if (value !== undefined && own[secondary] !== value) labels[secondary] = value;
    }
    if (Object.keys(labels).length === 0) return;
    await client.patch(Nodes, objectKey(node), { type: 'merge', body: { metadata: { labels } } });
  }

  /** Services stop sending traffic to pods that nobody can vouch for. */
  async function markPodsNotReady(nodeName: string): Promise<void> {
    for (const pod of pods.lister.byIndex(nodeIndex, nodeName)) {
      if (!isPodReady(pod)) continue;
      events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      const ready = { type: 'Ready', status: 'False', lastTransitionTime: formatTime(clock.now()) };
      const body = { metadata: { uid: pod.metadata?.uid }, status: { conditions: [ready] } };
      await ignoreNotFound(client.patch(Pods, objectKey(pod), { type: 'strategic', body }, { subresource: 'status' }));
    }
  }
}

function isReady(node: Node): boolean {
  return isConditionTrue(node.status?.conditions, 'Ready');
}
