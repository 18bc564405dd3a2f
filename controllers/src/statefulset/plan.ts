import type { StatefulSet, StatefulSetStatus } from '@coracle/apimachinery/types/apps-v1';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import { isPodAvailable, isPodReady, isPodTerminal, isTerminating, scaledValue } from '../shared/index.ts';
import {
  claimsFor,
  isInRange,
  makePod,
  ordinalOf,
  podRevision,
  startOrdinal,
  wantedReplicas,
  withIdentity,
} from './identity.ts';
import { isStaleClaim, retainedOwners } from './retention.ts';

export interface StatefulObservation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly claimOf: (name: string) => PersistentVolumeClaim | undefined;
  readonly current: { readonly name: string; readonly template: PodTemplateSpec | undefined };
  readonly update: { readonly name: string; readonly template: PodTemplateSpec | undefined };
  readonly nowMs: number;
}

/** What to do, in this order. */
export type StatefulAction =
  /** Makes the claims and the pod. */
  | { readonly type: 'create'; readonly pod: Pod; readonly ordinal: number }
  /** Makes claims that a pending pod waits for, and sets their owners. */
  | { readonly type: 'claims'; readonly pod: Pod; readonly ordinal: number }
  /** Sets identity, volumes and the claims' owners right. */
  | { readonly type: 'repair'; readonly pod: Pod; readonly ordinal: number }
  | { readonly type: 'delete'; readonly pod: Pod };

interface Replica {
  readonly pod: Pod;
  readonly ordinal: number;
  readonly exists: boolean;
}

/**
 * The next steps of a StatefulSet. With `OrderedReady` that is at most one step that others have to wait for: pods come in
 * order, each after the one before is available, and go in reverse order. With `Parallel` all steps are taken at once.
 */
export function planStatefulSet(observation: StatefulObservation): StatefulAction[] {
  const { set } = observation;
  if (isTerminating(set)) return [];
  const ordered = set.spec?.podManagementPolicy !== 'Parallel';
  const replicas = replicasOf(observation);
  const condemned = condemnedOf(observation);
  const actions: StatefulAction[] = [];
  for (const replica of replicas) {
    const step = stepOf(observation, replica, ordered);
    actions.push(...step.actions);
    if (step.waits && ordered) return actions;
  }
  for (const { pod, ordinal } of condemned) {
    if (claimsNeedOwners(observation, pod, ordinal)) actions.push({ type: 'claims', pod, ordinal });
  }
  const firstUnavailable = [...replicas, ...[...condemned].reverse()].find(
    ({ pod }) => !isHealthy(observation, pod),
  )?.pod;
  for (const { pod } of condemned) {
    const waits = isTerminating(pod) || (ordered && pod !== firstUnavailable && !isAvailable(observation, pod));
    if (!isTerminating(pod) && !(waits && ordered)) actions.push({ type: 'delete', pod });
    if (ordered) return actions;
  }
  return [...actions, ...planUpdate(observation, replicas, ordered)];
}

/** One per ordinal in the range: the pod that is there, or the one to be made. */
function replicasOf(observation: StatefulObservation): Replica[] {
  const { set, pods } = observation;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  return Array.from({ length: wantedReplicas(set) }, (_, index) => {
    const ordinal = startOrdinal(set) + index;
    const pod = byOrdinal.get(ordinal);
    return pod ? { pod, ordinal, exists: true } : { pod: newPod(observation, ordinal), ordinal, exists: false };
  });
}

/** Pods below the partition, or not yet reached by the update, come back as they were. */
function newPod({ set, current, update }: StatefulObservation, ordinal: number): Pod {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec?.updateStrategy ?? {};
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  const isOld = type === 'RollingUpdate' && ordinal < startOrdinal(set) + kept;
  const { name, template } = isOld ? current : update;
  return makePod(set, template, name, ordinal);
}

/** Pods outside the range, highest ordinal first. */
function condemnedOf({ set, pods }: StatefulObservation): { pod: Pod; ordinal: number }[] {
  return pods
    .flatMap((pod) => {
      const ordinal = ordinalOf(set, pod);
      return ordinal === undefined || isInRange(set, ordinal) ? [] : [{ pod, ordinal }];
    })
    .sort((a, b) => b.ordinal - a.ordinal);
}

function stepOf(
  observation: StatefulObservation,
  { pod, ordinal, exists }: Replica,
  ordered: boolean,
): { actions: StatefulAction[]; waits: boolean } {
  const { set } = observation;
  if (!exists) {
    const isStale = claimsFor(set, ordinal).some(({ metadata }) => {
      const claim = observation.claimOf(metadata?.name ?? '');
      return claim !== undefined && isStaleClaim(claim, set, pod);
    });
    return { actions: isStale ? [] : [{ type: 'create', pod, ordinal }], waits: true };
  }
  if (isPodTerminal(pod)) return { actions: isTerminating(pod) ? [] : [{ type: 'delete', pod }], waits: true };
  const actions: StatefulAction[] = [];
  if (pod.status?.phase === 'Pending' && lacksClaims(observation, ordinal))
    actions.push({ type: 'claims', pod, ordinal });
  if (ordered && (isTerminating(pod) || !isAvailable(observation, pod))) return { actions, waits: true };
  if (withIdentity(pod, set, ordinal) !== pod || claimsNeedOwners(observation, pod, ordinal)) {
    actions.push({ type: 'repair', pod, ordinal });
  }
  return { actions, waits: false };
}

function lacksClaims({ set, claimOf }: StatefulObservation, ordinal: number): boolean {
  return claimsFor(set, ordinal).some(({ metadata }) => !claimOf(metadata?.name ?? ''));
}

function claimsNeedOwners({ set, claimOf }: StatefulObservation, pod: Pod, ordinal: number): boolean {
  return claimsFor(set, ordinal).some(({ metadata }) => {
    const claim = claimOf(metadata?.name ?? '');
    return claim !== undefined && retainedOwners(claim, set, pod, ordinal) !== undefined;
  });
}

/** Pods of an older revision to replace, from the highest ordinal down to the partition. */
function planUpdate(
  observation: StatefulObservation,
  replicas: readonly Replica[],
  ordered: boolean,
): StatefulAction[] {
  const { set, update } = observation;
  const strategy = set.spec?.updateStrategy;
  if (strategy?.type === 'OnDelete') return [];
  const maxUnavailable = Math.max(
    1,
    scaledValue(strategy?.rollingUpdate?.maxUnavailable ?? 1, wantedReplicas(set), false),
  );
  const partition = startOrdinal(set) + (strategy?.rollingUpdate?.partition ?? 0);
  const unhealthy = replicas.filter(({ pod }) => !isHealthy(observation, pod)).length;
  const outdated = replicas.filter(
    ({ pod, ordinal, exists }) =>
      exists && ordinal >= partition && podRevision(pod) !== update.name && !isTerminating(pod),
  );
  outdated.reverse();
  const room = Math.max(0, maxUnavailable - unhealthy);
  // Unhealthy pods of an old revision cost no availability; in parallel they go at once.
  const broken = ordered ? [] : outdated.filter(({ pod }) => !isHealthy(observation, pod));
  const healthy = outdated.filter((replica) => !broken.includes(replica));
  return [...broken, ...healthy.slice(0, room)].map(({ pod }) => ({ type: 'delete', pod }));
}

function isAvailable({ set, nowMs }: StatefulObservation, pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

function isHealthy(observation: StatefulObservation, pod: Pod): boolean {
  return isAvailable(observation, pod) && !isTerminating(pod);
}

export function statefulStatus(observation: StatefulObservation, collisionCount: number): StatefulSetStatus {
  const { set, pods, current, update } = observation;
  const created = pods.filter(({ status }) => status?.phase !== undefined && status.phase !== '');
  const ready = created.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod));
  const ofRevision = (name: string) => created.filter((pod) => !isTerminating(pod) && podRevision(pod) === name).length;
  const status: StatefulSetStatus = {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(observation, pod)).length,
    currentReplicas: ofRevision(current.name),
    updatedReplicas: ofRevision(update.name),
    currentRevision: current.name,
    updateRevision: update.name,
    collisionCount,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  };
  const wanted = wantedReplicas(set);
  const isComplete = status.updatedReplicas === wanted && status.readyReplicas === wanted && status.replicas === wanted;
  return isComplete ? { ...status, currentReplicas: wanted, currentRevision: update.name } : status;
}
