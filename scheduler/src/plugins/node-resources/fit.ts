import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { type Resources, podRequests } from '../../cache/resources.ts';
import { action } from '../../framework/cluster-event.ts';
import { type Plugin, scoreMax } from '../../framework/plugin.ts';
import type { Status } from '../../framework/status.ts';

const name = 'NodeResourcesFit';

/** A pod goes where its requests fit, by preference where most is left (LeastAllocated of CPU and memory). */
export function nodeResourcesFit(): Plugin {
  return {
    name,
    hints: [
      { resource: 'AssignedPod', actions: action.delete },
      {
        resource: 'Node',
        actions: action.add | action.updateNodeAllocatable,
        helps: (pod, previous, current) => nodeHelps(pod, previous as Node | undefined, current as Node),
      },
      {
        resource: 'AssignedPod',
        actions: action.updatePodScaleDown,
        helps: (pod, previous, current) => scaleDownHelps(pod, previous as Pod, current as Pod),
      },
      { resource: 'TargetPod', actions: action.updatePodScaleDown },
    ],

    filter: (pod) => ({ check: (node) => insufficient(pod, node) }),

    score({ nonZeroMilliCpu, nonZeroMemory }) {
      return (nodes, scores) => {
        for (let at = 0; at < nodes.length; at++) {
          const node = nodes[at] as NodeInfo;
          const { milliCpu, memory } = node.allocatable;
          let sum = 0;
          let weights = 0;
          if (milliCpu > 0) {
            sum += leftOver(node.nonZeroMilliCpu + nonZeroMilliCpu, milliCpu);
            weights++;
          }
          if (memory > 0) {
            sum += leftOver(node.nonZeroMemory + nonZeroMemory, memory);
            weights++;
          }
          scores[at] = weights === 0 ? 0 : Math.trunc(sum / weights);
        }
      };
    },
  };
}

function leftOver(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.trunc(((capacity - requested) * scoreMax) / capacity);
}

/** One status a combination of reasons: most nodes that are full are full of the same. */
const statuses = new Map<string, Status>();

function statusFor(reasons: readonly string[], isUnresolvable: boolean): Status {
  const key = `${isUnresolvable}|${reasons.join('|')}`;
  let status = statuses.get(key);
  if (!status) {
    status = { code: isUnresolvable ? 'unresolvable' : 'unschedulable', reasons, plugin: name };
    statuses.set(key, status);
  }
  return status;
}

/** What is missing on the node; unresolvable where not even an empty node would do. */
export function insufficient({ requests }: { readonly requests: Resources }, node: NodeInfo): Status | undefined {
  const { allocatable, requested } = node;
  const tooManyPods = node.pods.size + 1 > node.podsMax;
  const lacksCpu = requests.milliCpu > 0 && requests.milliCpu > allocatable.milliCpu - requested.milliCpu;
  const lacksMemory = requests.memory > 0 && requests.memory > allocatable.memory - requested.memory;
  const storage = requests.ephemeralStorage;
  const lacksStorage = storage > 0 && storage > allocatable.ephemeralStorage - requested.ephemeralStorage;
  if (!tooManyPods && !lacksCpu && !lacksMemory && !lacksStorage && !requests.scalars) return undefined;

  const reasons: string[] = [];
  let isUnresolvable = false;
  const lack = (resource: string, wanted: number, capacity: number) => {
    reasons.push(`Insufficient ${resource}`);
    if (wanted > capacity) isUnresolvable = true;
  };
  if (tooManyPods) reasons.push('Too many pods');
  if (lacksCpu) lack('cpu', requests.milliCpu, allocatable.milliCpu);
  if (lacksMemory) lack('memory', requests.memory, allocatable.memory);
  if (lacksStorage) lack('ephemeral-storage', storage, allocatable.ephemeralStorage);
  for (const [resource, wanted] of requests.scalars ?? []) {
    const capacity = allocatable.scalars?.get(resource) ?? 0;
    if (wanted > 0 && wanted > capacity - (requested.scalars?.get(resource) ?? 0)) lack(resource, wanted, capacity);
  }
  return reasons.length === 0 ? undefined : statusFor(reasons, isUnresolvable);
}

/** One event is held against every waiting pod. */
const emptyNodes = new WeakMap<Node, NodeInfo>();

function emptyNode(node: Node): NodeInfo {
  let empty = emptyNodes.get(node);
  if (!empty) {
    empty = new NodeInfo(node.metadata?.name ?? '');
    empty.setNode(node);
    emptyNodes.set(node, empty);
  }
  return empty;
}

function nodeHelps(pod: PodInfo, previous: Node | undefined, current: Node): boolean {
  const now = emptyNode(current);
  if (insufficient(pod, now)) return false;
  if (!previous) return true;
  const before = emptyNode(previous);
  if (now.podsMax > before.podsMax) return true;
  return asksForMoreOf(pod.requests, before.allocatable, now.allocatable);
}

/** One of the resources that are asked for is greater in `more` than in `less`. */
function asksForMoreOf(wanted: Resources, less: Resources, more: Resources): boolean {
  if (wanted.milliCpu > 0 && more.milliCpu > less.milliCpu) return true;
  if (wanted.memory > 0 && more.memory > less.memory) return true;
  if (wanted.ephemeralStorage > 0 && more.ephemeralStorage > less.ephemeralStorage) return true;
  for (const [resource, amount] of wanted.scalars ?? []) {
    if (amount > 0 && (more.scalars?.get(resource) ?? 0) > (less.scalars?.get(resource) ?? 0)) return true;
  }
  return false;
}

function scaleDownHelps(pod: PodInfo, previous: Pod, current: Pod): boolean {
  if (!current.spec?.nodeName) return false;
  return asksForMoreOf(pod.requests, podRequests(current).requests, podRequests(previous).requests);
}
