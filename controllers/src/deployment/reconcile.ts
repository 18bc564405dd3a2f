import type { Deployment, DeploymentStatus, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { findCondition, isEmptySelector, isTerminating, statusEqual } from '../shared/index.ts';
import { type DeploymentPlan, type PlannedEvent, ReplicaSetDraft } from './plan.ts';
import { planRollback, rollbackTarget } from './reconcile-rollback.ts';
import { oldPodsRemain, planRecreateDown, planRolling } from './reconcile-rollout.ts';
import { isScalingEvent, planScale } from './reconcile-scale.ts';
import {
  annotations,
  byRevision,
  classify,
  makeReplicaSet,
  maxRevision,
  type ReplicaSetsView,
  revisionOf,
  wantedReplicas,
  withDeploymentAnnotations,
} from './replica-sets.ts';
import {
  countStatus,
  deadlineCheckMs,
  hasProgressDeadline,
  hasRevisionHistoryLimit,
  isComplete,
  progressReasons,
  rolloutStatus,
  withProgress,
} from './status.ts';

/** What a look at the caches shows of one Deployment. */
export interface DeploymentObservation {
  readonly deployment: Deployment;
  /** The ReplicaSets that it controls. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly podsOf: (set: ReplicaSet) => readonly Pod[];
  readonly nowMs: number;
}

const nothing: Pick<DeploymentPlan, 'updates' | 'deletes' | 'events'> = { updates: [], deletes: [], events: [] };

/** The next step of a Deployment. Pure: carrying it out leads to events that lead to the step after. */
export function planDeployment(observation: DeploymentObservation): DeploymentPlan {
  const { deployment, replicaSets, nowMs } = observation;
  if (isEmptySelector(deployment.spec?.selector)) return selectsAll(deployment);
  const view = classify(deployment, replicaSets);
  if (isTerminating(deployment)) {
    return {
      ...nothing,
      ...statusChange(deployment, deployment, countStatus(deployment, replicaSets, view.current, nowMs)),
    };
  }
  const noted = withPauseNoted(deployment, nowMs);
  if (deployment.spec?.paused) return planSync(deployment, noted, view, observation);
  if (rollbackTarget(deployment) !== undefined) {
    return view.current
      ? { ...nothing, ...planRollback(deployment, replicaSets) }
      : planCreate(deployment, noted, view, nowMs);
  }
  if (isScalingEvent(deployment, replicaSets)) return planSync(deployment, noted, view, observation);
  return deployment.spec?.strategy?.type === 'Recreate'
    ? planRecreateStep(deployment, noted, view, observation)
    : planRollingStep(deployment, noted, view, observation);
}

function selectsAll(deployment: Deployment): DeploymentPlan {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  const events: PlannedEvent[] = [{ type: 'Warning', reason: 'SelectingAll', message }];
  const { generation = 0 } = deployment.metadata ?? {};
  if ((deployment.status?.observedGeneration ?? 0) >= generation) return { ...nothing, events };
  return {
    ...nothing,
    events,
    status: { ...deployment, status: { ...deployment.status, observedGeneration: generation } },
  };
}

/** Pausing stops the clock of the progress deadline, resuming starts it anew; both leave a condition. */
function withPauseNoted(deployment: Deployment, nowMs: number): Deployment {
  if (!hasProgressDeadline(deployment)) return deployment;
  const reason = findCondition(deployment.status?.conditions, 'Progressing')?.reason;
  if (reason === progressReasons.timedOut) return deployment;
  const wasPaused = reason === progressReasons.paused;
  const isPaused = deployment.spec?.paused === true;
  if (isPaused === wasPaused) return deployment;
  const status = isPaused
    ? withProgress(deployment.status, 'Unknown', progressReasons.paused, 'Deployment is paused', nowMs)
    : withProgress(deployment.status, 'Unknown', progressReasons.resumed, 'Deployment is resumed', nowMs);
  return { ...deployment, status };
}

/** Brings the current set's annotations and readiness delay up to date, and the Deployment's revision with them. */
function adoptCurrent(
  deployment: Deployment,
  view: ReplicaSetsView,
  draft: ReplicaSetDraft,
  nowMs: number,
): Deployment {
  const { current, old } = view;
  if (!current) return deployment;
  let next = withDeploymentAnnotations(current, deployment, maxRevision(old) + 1n);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  if ((next.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
    next = { ...next, spec: { ...next.spec, minReadySeconds } };
  }
  if (next !== current) draft.update(next);
  const revised = withRevision(deployment, revisionOf(next));
  if (!hasProgressDeadline(deployment) || findCondition(deployment.status?.conditions, 'Progressing')) return revised;
  const message = `Found new replica set "${current.metadata?.name}"`;
  return { ...revised, status: withProgress(revised.status, 'True', progressReasons.found, message, nowMs) };
}

function withRevision(deployment: Deployment, revision: bigint): Deployment {
  const text = String(revision);
  if (deployment.metadata?.annotations?.[annotations.revision] === text) return deployment;
  return {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: { ...deployment.metadata?.annotations, [annotations.revision]: text },
    },
  };
}

function planSync(
  live: Deployment,
  noted: Deployment,
  view: ReplicaSetsView,
  { replicaSets, nowMs }: DeploymentObservation,
): DeploymentPlan {
  const draft = new ReplicaSetDraft();
  const deployment = adoptCurrent(noted, view, draft, nowMs);
  planScale(deployment, view, draft);
  const deletes =
    deployment.spec?.paused && rollbackTarget(deployment) === undefined ? surplusHistory(deployment, view.old) : [];
  const status = countStatus(deployment, replicaSets, view.current, nowMs);
  return { ...nothing, updates: draft.updates, deletes, ...statusChange(live, deployment, status) };
}

function planCreate(live: Deployment, noted: Deployment, view: ReplicaSetsView, nowMs: number): DeploymentPlan {
  const create = makeReplicaSet(noted, view.old);
  const revised = withRevision(noted, revisionOf(create));
  const status = countStatus(revised, [...view.old, create], create, nowMs);
  const message = `Created new replica set "${create.metadata?.name}"`;
  const progressed = hasProgressDeadline(live)
    ? withProgress(status, 'True', progressReasons.created, message, nowMs)
    : status;
  return { ...nothing, create, ...statusChange(live, revised, progressed) };
}

function planRollingStep(
  live: Deployment,
  noted: Deployment,
  view: ReplicaSetsView,
  observation: DeploymentObservation,
): DeploymentPlan {
  const { nowMs } = observation;
  if (!view.current) return planCreate(live, noted, view, nowMs);
  const draft = new ReplicaSetDraft();
  const deployment = adoptCurrent(noted, view, draft, nowMs);
  planRolling(deployment, view.current, view.old, draft);
  return finishStep(live, deployment, view, draft, observation);
}

function planRecreateStep(
  live: Deployment,
  noted: Deployment,
  view: ReplicaSetsView,
  observation: DeploymentObservation,
): DeploymentPlan {
  const { nowMs, podsOf } = observation;
  const draft = new ReplicaSetDraft();
  const deployment = adoptCurrent(noted, view, draft, nowMs);
  const waits = planRecreateDown(deployment, view.old, draft) || oldPodsRemain(view.current, view.old, podsOf);
  if (!waits) {
    if (!view.current) return planCreate(live, noted, view, nowMs);
    draft.scale(view.current, wantedReplicas(deployment), deployment);
  }
  return finishStep(live, deployment, view, draft, observation);
}

function finishStep(
  live: Deployment,
  deployment: Deployment,
  view: ReplicaSetsView,
  draft: ReplicaSetDraft,
  { replicaSets, nowMs }: DeploymentObservation,
): DeploymentPlan {
  const scales = draft.updates.some((update) => update.scaledFrom !== undefined);
  const deletes = !scales && isComplete(deployment, deployment.status) ? surplusHistory(deployment, view.old) : [];
  const status = rolloutStatus(deployment, replicaSets, view.current, nowMs);
  const change = statusChange(live, deployment, status);
  const requeueAfterMs = change.status ? undefined : deadlineCheckMs(deployment, status, nowMs);
  const plan = { ...nothing, updates: draft.updates, deletes, ...change };
  return requeueAfterMs === undefined ? plan : { ...plan, requeueAfterMs };
}

/** Old sets without pods beyond the revision history limit, oldest revision first. */
function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  if (!hasRevisionHistoryLimit(deployment)) return [];
  const alive = old.filter((set) => !isTerminating(set));
  const surplus = alive.length - (deployment.spec?.revisionHistoryLimit ?? 0);
  if (surplus <= 0) return [];
  return alive
    .sort(byRevision)
    .slice(0, surplus)
    .filter(
      (set) =>
        (set.status?.replicas ?? 0) === 0 &&
        wantedReplicas(set) === 0 &&
        (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}

function statusChange(live: Deployment, next: Deployment, status: DeploymentStatus): { status?: Deployment } {
  const sameRevision =
    live.metadata?.annotations?.[annotations.revision] === next.metadata?.annotations?.[annotations.revision];
  return sameRevision && statusEqual(live.status, status) ? {} : { status: { ...next, status } };
}
