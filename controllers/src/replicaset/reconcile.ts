import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Pod, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import {
  compareForDeletion,
  type ConditionLike,
  findCondition,
  formatTime,
  isPodAvailable,
  isPodReady,
  matchesLabels,
  messageOf,
  withCondition,
  withoutCondition,
} from '../shared/index.ts';

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaOwner extends KubernetesObject {
  spec?: { replicas?: number; minReadySeconds?: number; template?: PodTemplateSpec };
  status?: ReplicaStatus;
}

export interface ReplicaStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: ConditionLike[];
}

/** Pods created or deleted in one go at most (upstream BurstReplicas). */
const burstReplicas = 500;

export type ReplicaPlan = { readonly create: number } | { readonly delete: readonly Pod[] };

/** How to come from the active pods to the wanted number. `related` are the pods of sibling sets, which crowd nodes. */
export function planReplicas(
  owner: ReplicaOwner,
  active: readonly Pod[],
  related: readonly Pod[],
  nowMs: number,
): ReplicaPlan {
  const difference = active.length - (owner.spec?.replicas ?? 1);
  if (difference < 0) return { create: Math.min(-difference, burstReplicas) };
  return { delete: podsToDelete(active, related, Math.min(difference, burstReplicas), nowMs) };
}

function podsToDelete(active: readonly Pod[], related: readonly Pod[], count: number, nowMs: number): readonly Pod[] {
  if (count === 0 || count === active.length) return active.slice(0, count);
  const perNode = new Map<string, number>();
  for (const pod of related) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.metadata?.deletionTimestamp)
      continue;
    const node = pod.spec?.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...active].sort((a, b) => compareForDeletion(a, b, rank, nowMs)).slice(0, count);
}

/** The status that the pods and the outcome of the last plan amount to. */
export function replicaStatus(
  owner: ReplicaOwner,
  pods: { readonly active: readonly Pod[]; readonly terminating?: readonly Pod[] },
  failure: unknown,
  nowMs: number,
): ReplicaStatus {
  const minReadySeconds = owner.spec?.minReadySeconds ?? 0;
  const templateLabels = owner.spec?.template?.metadata?.labels;
  let fullyLabeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of pods.active) {
    if (matchesLabels(templateLabels, pod.metadata?.labels)) fullyLabeled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, minReadySeconds, nowMs)) available++;
  }
  return {
    ...owner.status,
    replicas: pods.active.length,
    fullyLabeledReplicas: fullyLabeled,
    readyReplicas: ready,
    availableReplicas: available,
    ...(pods.terminating ? { terminatingReplicas: pods.terminating.length } : {}),
    observedGeneration: owner.metadata?.generation ?? 0,
    conditions: failureConditions(owner, pods.active.length, failure, nowMs),
  };
}

function failureConditions(owner: ReplicaOwner, active: number, failure: unknown, nowMs: number): ConditionLike[] {
  const conditions = owner.status?.conditions ?? [];
  const current = findCondition(conditions, 'ReplicaFailure');
  if (failure === undefined) return current ? withoutCondition(conditions, 'ReplicaFailure') : conditions;
  if (current) return conditions;
  const reason = active < (owner.spec?.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  return withCondition(conditions, {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: formatTime(nowMs),
    reason,
    message: messageOf(failure),
  });
}
