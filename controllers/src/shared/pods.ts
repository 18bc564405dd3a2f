import type { OwnerReference } from '@coracle/apimachinery/meta';
import type { Pod, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import { findCondition } from './conditions.ts';
import { createdAt, parseTime } from './time.ts';

export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function isTerminating(object: { metadata?: { deletionTimestamp?: string } }): boolean {
  return object.metadata?.deletionTimestamp !== undefined;
}

/** Neither finished nor on its way out. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !isTerminating(pod);
}

/** On its way out but not finished. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && isTerminating(pod);
}

export function isPodReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, 'Ready')?.status === 'True';
}

/** When the pod became ready, in milliseconds. */
export function readySince(pod: Pod): number | undefined {
  const condition = findCondition(pod.status?.conditions, 'Ready');
  return condition?.status === 'True' ? parseTime(condition.lastTransitionTime) : undefined;
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return availableInMs(pod, minReadySeconds, nowMs) === 0;
}

/** Milliseconds until the pod counts as available; 0 when it does, undefined while it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  if (!isPodReady(pod)) return undefined;
  if (minReadySeconds === 0) return 0;
  const since = readySince(pod);
  return since === undefined ? undefined : Math.max(0, since + minReadySeconds * 1000 - nowMs);
}

/** The wait until the next ready pod becomes available, if one has yet to. */
export function nextAvailabilityMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  let next: number | undefined;
  for (const pod of pods) {
    const wait = availableInMs(pod, minReadySeconds, nowMs);
    if (wait !== undefined && wait > 0 && (next === undefined || wait < next)) next = wait;
  }
  return next;
}

/** A pod of the template, owned by the controller; the API server completes the name. */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  owner: { metadata?: { name?: string; namespace?: string } },
  reference: OwnerReference,
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata?.name ?? ''}-`,
      ...(owner.metadata?.namespace ? { namespace: owner.metadata.namespace } : {}),
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [reference],
    },
    spec: template?.spec ?? { containers: [] },
  };
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Which of two pods to give up first (upstream's ActivePodsWithRanks): unassigned, pending, not ready, lower
 * `controller.kubernetes.io/pod-deletion-cost`, doubled up on a node, ready for less time, more restarts, younger.
 * `rank` counts related pods on the pod's node.
 */
export function compareForDeletion(a: Pod, b: Pod, rank: (pod: Pod) => number, nowMs: number): number {
  const assigned = Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName));
  if (assigned !== 0) return assigned;
  const phase = (phaseRank[a.status?.phase ?? ''] ?? 0) - (phaseRank[b.status?.phase ?? ''] ?? 0);
  if (phase !== 0) return phase;
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  const cost = deletionCost(a) - deletionCost(b);
  if (cost !== 0) return cost;
  const crowd = rank(b) - rank(a);
  if (crowd !== 0) return crowd;
  if (isPodReady(a)) {
    const readyTime = logarithmicAge(readySince(a), nowMs) - logarithmicAge(readySince(b), nowMs);
    if (readyTime !== 0) return readyTime;
  }
  const restarts = maxRestarts(b) - maxRestarts(a);
  if (restarts !== 0) return restarts;
  const age = logarithmicAge(createdAt(a), nowMs) - logarithmicAge(createdAt(b), nowMs);
  if (age !== 0) return age;
  return (a.metadata?.uid ?? '') < (b.metadata?.uid ?? '') ? -1 : 1;
}

/** Ages that differ by less than half an order of magnitude count as the same (KEP-2185), so that the choice is spread. */
function logarithmicAge(sinceMs: number | undefined, nowMs: number): number {
  if (!sinceMs) return -1;
  return Math.floor(Math.log10(Math.max(1, (nowMs - sinceMs) * 1e6)));
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  return text !== undefined && /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function maxRestarts(pod: Pod): number {
  let most = 0;
  for (const status of pod.status?.containerStatuses ?? []) most = Math.max(most, status.restartCount ?? 0);
  for (const status of pod.status?.initContainerStatuses ?? []) most = Math.max(most, status.restartCount ?? 0);
  return most;
}
