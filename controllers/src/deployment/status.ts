import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@coracle/apimachinery/types/apps-v1';
import { findCondition, formatTime, parseTime, withCondition, withoutCondition } from '../shared/index.ts';
import { rollingLimits, wantedReplicas } from './replica-sets.ts';

const noLimit = 0x7fffffff;

export const progressReasons = {
  updated: 'ReplicaSetUpdated',
  createFailed: 'ReplicaSetCreateError',
  created: 'NewReplicaSetCreated',
  found: 'FoundNewReplicaSet',
  available: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== noLimit;
}

export function hasRevisionHistoryLimit(deployment: Deployment): boolean {
  const limit = deployment.spec?.revisionHistoryLimit;
  return limit !== undefined && limit !== noLimit;
}

export function deploymentCondition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  nowMs: number,
): DeploymentCondition {
  const time = formatTime(nowMs);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function withProgress(
  status: DeploymentStatus | undefined,
  value: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  nowMs: number,
): DeploymentStatus {
  const condition = deploymentCondition('Progressing', value, reason, message, nowMs);
  return { ...status, conditions: withCondition(status?.conditions, condition) };
}

/** Counts and the Available condition; the other conditions stay. */
export function countStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  const sum = (count: (set: ReplicaSet) => number | undefined) =>
    all.reduce((total, set) => total + (count(set) ?? 0), 0);
  const availableReplicas = sum((set) => set.status?.availableReplicas);
  const terminatingReplicas = countTerminating(all);
  const enough = availableReplicas >= wantedReplicas(deployment) - rollingLimits(deployment).maxUnavailable;
  const { collisionCount, conditions } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(wantedReplicas) - availableReplicas),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(
      conditions,
      enough
        ? deploymentCondition(
            'Available',
            'True',
            'MinimumReplicasAvailable',
            'Deployment has minimum availability.',
            nowMs,
          )
        : deploymentCondition(
            'Available',
            'False',
            'MinimumReplicasUnavailable',
            'Deployment does not have minimum availability.',
            nowMs,
          ),
    ),
  };
}

/** Undefined as soon as one observed set does not say. */
function countTerminating(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas === undefined) {
      if (status?.observedGeneration) return undefined;
    } else total += status.terminatingReplicas;
  }
  return total;
}

/** The status during a rollout: counts plus the Progressing and ReplicaFailure conditions. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  const status = withProgressOf(deployment, countStatus(deployment, all, current, nowMs), current, nowMs);
  const failure =
    findCondition(current?.status?.conditions, 'ReplicaFailure') ??
    all.map((set) => findCondition(set.status?.conditions, 'ReplicaFailure')).find((condition) => condition);
  if (!failure) return { ...status, conditions: withoutCondition(status.conditions, 'ReplicaFailure') };
  const { lastTransitionTime } = failure;
  const copied = { ...failure, ...(lastTransitionTime ? { lastUpdateTime: lastTransitionTime } : {}) };
  return { ...status, conditions: withCondition(status.conditions, copied) };
}

function withProgressOf(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  if (!hasProgressDeadline(deployment)) {
    return { ...status, conditions: withoutCondition(status.conditions, 'Progressing') };
  }
  const condition = findCondition(deployment.status?.conditions, 'Progressing');
  const wasComplete = status.replicas === status.updatedReplicas && condition?.reason === progressReasons.available;
  if (wasComplete) return status;
  const subject = current ? `ReplicaSet "${current.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`;
  if (isComplete(deployment, status)) {
    return withProgress(status, 'True', progressReasons.available, `${subject} has successfully progressed.`, nowMs);
  }
  if (hasProgressed(deployment, status)) {
    const next = deploymentCondition(
      'Progressing',
      'True',
      progressReasons.updated,
      `${subject} is progressing.`,
      nowMs,
    );
    const kept =
      condition?.status === 'True' && condition.lastTransitionTime
        ? { ...next, lastTransitionTime: condition.lastTransitionTime }
        : next;
    // Written anew even where the reason stays: lastUpdateTime says when progress was last seen.
    return { ...status, conditions: [...withoutCondition(status.conditions, 'Progressing'), kept] };
  }
  if (hasTimedOut(deployment, condition, nowMs)) {
    return withProgress(status, 'False', progressReasons.timedOut, `${subject} has timed out progressing.`, nowMs);
  }
  return status;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function hasProgressed(deployment: Deployment, next: DeploymentStatus): boolean {
  const before = deployment.status;
  const oldReplicas = (status: DeploymentStatus | undefined) =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    oldReplicas(next) < oldReplicas(before) ||
    (next.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, condition: DeploymentCondition | undefined, nowMs: number): boolean {
  if (!condition || condition.reason === progressReasons.available) return false;
  if (condition.reason === progressReasons.timedOut) return true;
  return deadlineOf(deployment, condition) < nowMs;
}

function deadlineOf(deployment: Deployment, condition: DeploymentCondition): number {
  return (parseTime(condition.lastUpdateTime) ?? 0) + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000;
}

/** Milliseconds until the rollout has to be looked at for its deadline; undefined when it has none to miss. */
export function deadlineCheckMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const condition = findCondition(deployment.status?.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || !condition) return undefined;
  if (isComplete(deployment, status) || condition.reason === progressReasons.timedOut) return undefined;
  return Math.max(0, deadlineOf(deployment, condition) - nowMs) + 1000;
}
