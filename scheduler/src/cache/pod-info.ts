import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '@coracle/apimachinery/types/core-v1';
import { type AffinityTerm, affinityTerm, type WeightedTerm } from './affinity-term.ts';
import { type HostPort, hostPortsOf } from './host-ports.ts';
import { type PodRequests, podRequests } from './resources.ts';

const noLabels: Readonly<Record<string, string>> = {};
const noTerms: readonly never[] = [];

/** A pod with everything worked out that is asked of it for each node. The object is replaced as newer ones arrive. */
export interface PodInfo extends PodRequests {
  pod: Pod;
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly isTerminating: boolean;
  readonly hostPorts: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedTerm[];
  readonly preferredAntiAffinity: readonly WeightedTerm[];
}

/** Throws where an affinity term has a malformed selector. */
export function podInfo(pod: Pod): PodInfo {
  const namespace = pod.metadata?.namespace ?? '';
  const name = pod.metadata?.name ?? '';
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return {
    pod,
    uid: pod.metadata?.uid ?? '',
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels: pod.metadata?.labels ?? noLabels,
    priority: pod.spec?.priority ?? 0,
    isTerminating: pod.metadata?.deletionTimestamp !== undefined,
    hostPorts: hostPortsOf(pod),
    ...podRequests(pod),
    requiredAffinity: terms(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, namespace),
    requiredAntiAffinity: terms(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, namespace),
    preferredAffinity: weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, namespace),
    preferredAntiAffinity: weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, namespace),
  };
}

/** True where what was worked out for `before` holds for `after` too, so that only the object needs replacing. */
export function isSameInfo(before: Pod, after: Pod): boolean {
  const old = before.metadata ?? {};
  const now = after.metadata ?? {};
  return (
    old.generation === now.generation &&
    old.deletionTimestamp === now.deletionTimestamp &&
    sameLabels(old.labels ?? noLabels, now.labels ?? noLabels) &&
    !resourcesMayDiffer(before, after)
  );
}

/** Resizing in place shows in the statuses of containers while the spec stays as it is. */
function resourcesMayDiffer(before: Pod, after: Pod): boolean {
  return hasAllocation(before) || hasAllocation(after);
}

function hasAllocation({ status }: Pod): boolean {
  return (
    status?.containerStatuses?.some(({ allocatedResources, resources }) => allocatedResources || resources) === true
  );
}

function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  let count = 0;
  for (const name in one) {
    if (one[name] !== other[name]) return false;
    count++;
  }
  for (const _ in other) count--;
  return count === 0;
}

function terms(list: readonly PodAffinityTerm[] | undefined, namespace: string): readonly AffinityTerm[] {
  return list?.length ? list.map((term) => affinityTerm(term, namespace)) : noTerms;
}

function weighted(list: readonly WeightedPodAffinityTerm[] | undefined, namespace: string): readonly WeightedTerm[] {
  if (!list?.length) return noTerms;
  return list.map(({ podAffinityTerm, weight }) => ({ term: affinityTerm(podAffinityTerm, namespace), weight }));
}
