import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import { byCreation } from '../shared/index.ts';
import type { ReplicaSetDraft } from './plan.ts';
import {
  active,
  annotations,
  countAnnotation,
  type ReplicaSetsView,
  rollingLimits,
  wantedReplicas,
} from './replica-sets.ts';

/** True when the Deployment was resized since its ReplicaSets were last sized. */
export function isScalingEvent(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return active(sets).some((set) => {
    const desired = countAnnotation(set, annotations.desiredReplicas);
    return desired !== undefined && desired !== wantedReplicas(deployment);
  });
}

/**
 * Sizes for a Deployment that is paused or resized in the middle of a rollout: the only active set takes all; once the
 * current set is saturated the others go to zero; else every set grows or shrinks by its share.
 */
export function planScale(deployment: Deployment, view: ReplicaSetsView, draft: ReplicaSetDraft): void {
  const only = activeOrLatest(view);
  if (only) {
    draft.scale(only, wantedReplicas(deployment), deployment);
    return;
  }
  if (view.current && isSaturated(deployment, view.current)) {
    for (const set of active(view.old)) draft.scale(set, 0, deployment);
    return;
  }
  if (deployment.spec?.strategy?.type !== 'Recreate') planProportions(deployment, view, draft);
}

function activeOrLatest({ current, old }: ReplicaSetsView): ReplicaSet | undefined {
  const all = active(current ? [...old, current] : old);
  if (all.length === 0) return current ?? [...old].sort(byCreation).at(-1);
  return all.length === 1 ? all[0] : undefined;
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    wantedReplicas(set) === wanted &&
    countAnnotation(set, annotations.desiredReplicas) === wanted &&
    (set.status?.availableReplicas ?? 0) === wanted
  );
}

function planProportions(deployment: Deployment, view: ReplicaSetsView, draft: ReplicaSetDraft): void {
  const sets = active(view.current ? [...view.old, view.current] : view.old);
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + rollingLimits(deployment).maxSurge : 0;
  const toAdd = allowed - sets.reduce((sum, set) => sum + wantedReplicas(set), 0);
  // The largest set takes what rounding leaves over; among equals the newest grows and the oldest shrinks.
  sets.sort((a, b) => wantedReplicas(b) - wantedReplicas(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)));
  let added = 0;
  const sizes = sets.map((set) => {
    const share = toAdd === 0 ? 0 : shareOf(set, deployment, toAdd, added);
    added += share;
    return wantedReplicas(set) + share;
  });
  if (sizes.length > 0 && toAdd !== 0) sizes[0] = Math.max(0, (sizes[0] ?? 0) + toAdd - added);
  for (const [index, set] of sets.entries()) draft.scale(set, sizes[index] ?? 0, deployment, true);
}

function shareOf(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const allowed = toAdd - added;
  if (wantedReplicas(set) === 0 || allowed === 0) return 0;
  const fraction = fractionOf(set, deployment);
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}

/** How the set's size changes when the whole goes from the size it was last scaled for to the new one. */
function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  const size = wantedReplicas(set);
  if (wantedReplicas(deployment) === 0) return -size;
  const max = wantedReplicas(deployment) + rollingLimits(deployment).maxSurge;
  const maxBefore = countAnnotation(set, annotations.maxReplicas) || (deployment.status?.replicas ?? 0);
  return maxBefore === 0 ? 0 : Math.round((size * max) / maxBefore) - size;
}
