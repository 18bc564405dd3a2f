import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { byCreation, isPodTerminal } from '../shared/index.ts';
import type { ReplicaSetDraft } from './plan.ts';
import { active, newSetReplicas, rollingLimits, wantedReplicas } from './replica-sets.ts';

/** One step of a rolling update: first up within the surge, else down within what may be unavailable. */
export function planRolling(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  draft: ReplicaSetDraft,
): void {
  if (planScaleUp(deployment, current, old, draft)) return;
  planScaleDown(deployment, current, active(old), draft);
}

function planScaleUp(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  draft: ReplicaSetDraft,
): boolean {
  const size = wantedReplicas(current);
  const wanted = wantedReplicas(deployment);
  if (size === wanted) return false;
  const next = size > wanted ? wanted : newSetReplicas(deployment, [...old, current], size);
  return draft.scale(current, next, deployment);
}

function planScaleDown(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  draft: ReplicaSetDraft,
): void {
  const oldCount = old.reduce((sum, set) => sum + wantedReplicas(set), 0);
  if (oldCount === 0) return;
  const minAvailable = wantedReplicas(deployment) - rollingLimits(deployment).maxUnavailable;
  const currentUnavailable = wantedReplicas(current) - (current.status?.availableReplicas ?? 0);
  const room = oldCount + wantedReplicas(current) - minAvailable - currentUnavailable;
  if (room <= 0) return;

  const sizes = new Map(old.map((set) => [set, wantedReplicas(set)]));
  const oldestFirst = [...old].sort(byCreation);
  removeUnhealthy(oldestFirst, sizes, room);
  const available = [...old, current].reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  removeHealthy(oldestFirst, sizes, available - minAvailable);
  for (const [set, size] of sizes) draft.scale(set, size, deployment);
}

/** Replicas that are not available serve nobody and go first. */
function removeUnhealthy(sets: readonly ReplicaSet[], sizes: Map<ReplicaSet, number>, limit: number): void {
  let removed = 0;
  for (const set of sets) {
    const size = sizes.get(set) ?? 0;
    const count = Math.max(0, Math.min(limit - removed, size - (set.status?.availableReplicas ?? 0)));
    sizes.set(set, size - count);
    removed += count;
  }
}

function removeHealthy(sets: readonly ReplicaSet[], sizes: Map<ReplicaSet, number>, limit: number): void {
  let removed = 0;
  for (const set of sets) {
    const size = sizes.get(set) ?? 0;
    const count = Math.max(0, Math.min(size, limit - removed));
    sizes.set(set, size - count);
    removed += count;
  }
}

/** True when the old sets were told to go to zero in this step. */
export function planRecreateDown(deployment: Deployment, old: readonly ReplicaSet[], draft: ReplicaSetDraft): boolean {
  let scaled = false;
  for (const set of active(old)) scaled = draft.scale(set, 0, deployment) || scaled;
  return scaled;
}

/** Recreate waits for the last old pod, also for those that are terminating. */
export function oldPodsRemain(
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  podsOf: (set: ReplicaSet) => readonly Pod[],
): boolean {
  return old.some(
    (set) => set !== current && ((set.status?.replicas ?? 0) > 0 || podsOf(set).some((pod) => !isPodTerminal(pod))),
  );
}
