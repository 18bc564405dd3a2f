import type { Job, JobCondition } from '@coracle/apimachinery/types/batch-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { findCondition, formatTime, isPodActive, isPodReady, isPodTerminating, parseTime } from '../shared/index.ts';
import { type BackoffRecord, nextRecord } from './backoff.ts';
import { IndexSet } from './indexes.ts';
import {
  finishedAt,
  allIndexFailures,
  hasBackoffPerIndex,
  hasTrackingFinalizer,
  indexFailures,
  isIndexed,
  isPodFailed,
  isSuspended,
  validIndex,
} from './job-pods.ts';
import { failurePolicyOf } from './pod-failure-policy.ts';
import { matchSuccessPolicy } from './success-policy.ts';

/** What the caches and the memory of this process show of one job. */
export interface JobObservation {
  readonly job: Job;
  readonly pods: readonly Pod[];
  /** Pods whose finalizer this process has removed and the cache still shows. */
  readonly finalizerRemoved: ReadonlySet<string>;
  readonly backoff: BackoffRecord;
  readonly nowMs: number;
}

/** How the job stands. */
export interface JobView extends JobObservation {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Indexes that the status has counted already. */
  readonly countedIndexes: IndexSet;
  readonly succeededIndexes: IndexSet;
  /** Only with a back-off limit per index. */
  readonly failedIndexes?: IndexSet;
  /** Failed pods that are kept until they are replaced, because their index' failures are counted on them. */
  readonly awaitingReplacement: ReadonlyMap<number, Pod>;
  readonly nextBackoff: BackoffRecord;
  /** `FailureTarget`, `SuccessCriteriaMet` or, after the first, `Failed`: the job is to end. */
  readonly ending?: JobCondition;
  /** Milliseconds until the active deadline. */
  readonly deadlineMs?: number;
}

export function jobCondition(
  type: string,
  reason: string,
  message: string,
  nowMs: number,
  status = 'True',
): JobCondition {
  const time = formatTime(nowMs);
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

export function isFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

export function evaluateJob(observation: JobObservation): JobView {
  const { job, pods, nowMs } = observation;
  const active = pods.filter(isPodActive);
  const uncounted = job.status?.uncountedTerminatedPods;
  const fresh = (known: readonly string[] | undefined, wanted: (pod: Pod) => boolean) =>
    pods.filter((pod) => isCountable(pod, observation) && !known?.includes(pod.metadata?.uid ?? '') && wanted(pod));
  const newlySucceeded = fresh(uncounted?.succeeded, (pod) => pod.status?.phase === 'Succeeded');
  const newlyFailed = fresh(uncounted?.failed, (pod) => isPodFailed(pod, job));
  const failed =
    (job.status?.failed ?? 0) +
    newlyFailed.filter((pod) => failurePolicyOf(job, pod).countsAsFailure).length +
    (uncounted?.failed?.length ?? 0);
  const succeeded = (job.status?.succeeded ?? 0) + newlySucceeded.length + (uncounted?.succeeded?.length ?? 0);
  const indexed = isIndexed(job) ? evaluateIndexes(observation, active) : undefined;
  const deadlineMs = remainingDeadline(job, nowMs);
  const ending =
    startedEnding(job, pods, nowMs) ??
    limitReached(job, pods, failed, deadlineMs, nowMs) ??
    (indexed ? indexEnding(job, indexed, nowMs) : undefined);
  return {
    ...observation,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: indexed ? indexed.succeededIndexes.total : succeeded,
    failed,
    countedIndexes: indexed?.countedIndexes ?? IndexSet.empty,
    succeededIndexes: indexed?.succeededIndexes ?? IndexSet.empty,
    ...(indexed?.failedIndexes ? { failedIndexes: indexed.failedIndexes } : {}),
    awaitingReplacement: indexed?.awaitingReplacement ?? new Map(),
    nextBackoff: nextRecord(observation.backoff, newlySucceeded, newlyFailed),
    ...(ending ? { ending } : {}),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

/** Carries the finalizer still, and an index of the job where it needs one. */
export function isCountable(
  pod: Pod,
  { job, finalizerRemoved }: Pick<JobObservation, 'job' | 'finalizerRemoved'>,
): boolean {
  if (!hasTrackingFinalizer(pod) || finalizerRemoved.has(pod.metadata?.uid ?? '')) return false;
  return !isIndexed(job) || validIndex(pod, job) !== undefined;
}

type IndexView = Pick<JobView, 'countedIndexes' | 'succeededIndexes' | 'failedIndexes' | 'awaitingReplacement'>;

function evaluateIndexes(observation: JobObservation, active: readonly Pod[]): IndexView {
  const { job, pods } = observation;
  const completions = job.spec?.completions ?? 0;
  const indexesOf = (wanted: (pod: Pod) => boolean) =>
    pods.flatMap((pod) => {
      const index = validIndex(pod, job);
      return index !== undefined && hasTrackingFinalizer(pod) && wanted(pod) ? [index] : [];
    });
  const countedIndexes = IndexSet.parse(job.status?.completedIndexes, completions);
  const succeededIndexes = countedIndexes.with(indexesOf((pod) => pod.status?.phase === 'Succeeded'));
  if (!hasBackoffPerIndex(job)) return { countedIndexes, succeededIndexes, awaitingReplacement: new Map() };
  const failedIndexes = IndexSet.parse(job.status?.failedIndexes, completions).with(
    indexesOf((pod) => failsIndex(pod, job)),
  );
  const settled = succeededIndexes.merge(failedIndexes).with(active.flatMap((pod) => validIndex(pod, job) ?? []));
  const awaitingReplacement = new Map<number, Pod>();
  for (const pod of pods) {
    const index = validIndex(pod, job);
    if (index === undefined || settled.has(index) || !isCountable(pod, observation) || !isPodFailed(pod, job)) continue;
    const known = awaitingReplacement.get(index);
    const isLater =
      !known || (allIndexFailures(known) <= allIndexFailures(pod) && finishedAt(pod) >= finishedAt(known));
    if (isLater) awaitingReplacement.set(index, pod);
  }
  return { countedIndexes, succeededIndexes, failedIndexes, awaitingReplacement };
}

function failsIndex(pod: Pod, job: Job): boolean {
  if (!isPodFailed(pod, job)) return false;
  const { action, countsAsFailure } = failurePolicyOf(job, pod);
  return action === 'FailIndex' || (countsAsFailure && indexFailures(pod) >= (job.spec?.backoffLimitPerIndex ?? 0));
}

/** An end that was decided before, or by the pod failure policy. */
function startedEnding(job: Job, pods: readonly Pod[], nowMs: number): JobCondition | undefined {
  const met = findCondition(job.status?.conditions, 'SuccessCriteriaMet');
  if (met?.status === 'True') return met;
  const target = findCondition(job.status?.conditions, 'FailureTarget');
  if (target?.status === 'True') return jobCondition('Failed', target.reason ?? '', target.message ?? '', nowMs);
  for (const pod of pods) {
    const message = isPodFailed(pod, job) ? failurePolicyOf(job, pod).jobFailure : undefined;
    if (message !== undefined) return jobCondition('FailureTarget', 'PodFailurePolicy', message, nowMs);
  }
  return undefined;
}

function limitReached(
  job: Job,
  pods: readonly Pod[],
  failed: number,
  deadlineMs: number | undefined,
  nowMs: number,
): JobCondition | undefined {
  if (failed > (job.spec?.backoffLimit ?? 6) || restartedTooOften(job, pods)) {
    return jobCondition('FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit', nowMs);
  }
  if (deadlineMs === undefined || deadlineMs > 0) return undefined;
  return jobCondition('FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline', nowMs);
}

/** With `OnFailure` the kubelet restarts containers, and their restarts are the failures. */
function restartedTooOften(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template?.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
      restarts += restartCount ?? 0;
    }
  }
  const limit = job.spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function remainingDeadline(job: Job, nowMs: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  if (seconds === undefined || isSuspended(job)) return undefined;
  return Math.max(0, (parseTime(job.status?.startTime) ?? nowMs) + seconds * 1000 - nowMs);
}

function indexEnding(
  job: Job,
  { succeededIndexes, failedIndexes }: IndexView,
  nowMs: number,
): JobCondition | undefined {
  const completions = job.spec?.completions ?? 0;
  const failed = failedIndexes?.total ?? 0;
  const maxFailed = job.spec?.maxFailedIndexes;
  if (failedIndexes && maxFailed !== undefined && failed > maxFailed) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return jobCondition('FailureTarget', 'MaxFailedIndexesExceeded', message, nowMs);
  }
  if (failed > 0 && failed + succeededIndexes.total >= completions) {
    return jobCondition('FailureTarget', 'FailedIndexes', 'Job has failed indexes', nowMs);
  }
  const message = matchSuccessPolicy(job.spec?.successPolicy, completions, succeededIndexes);
  return message === undefined ? undefined : jobCondition('SuccessCriteriaMet', 'SuccessPolicy', message, nowMs);
}
