import type { JobCondition, JobStatus } from '@coracle/apimachinery/types/batch-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { findCondition } from '../shared/index.ts';
import { type JobView, jobCondition } from './evaluate.ts';
import {
  completionIndex,
  hasBackoffPerIndex,
  hasTrackingFinalizer,
  isIndexed,
  isPodFailed,
  validIndex,
} from './job-pods.ts';
import { failurePolicyOf } from './pod-failure-policy.ts';

/** Finished pods that one status update takes in at most. */
const uncountedMax = 500;

export interface Tracking {
  /** First to be written: what finished is in it by uid or by index, before the pods lose their finalizer. */
  readonly status: JobStatus;
  /** Pods that may go once that is written. */
  readonly release: readonly Pod[];
  /** How the job ends, when everything that has finished could be taken in. */
  readonly ending?: JobCondition;
}

/** Takes the finished pods into the status. `ending` is absent while pods are yet to be deleted. */
export function trackFinished(view: JobView, status: JobStatus, ending: JobCondition | undefined): Tracking {
  const { job, pods } = view;
  const withFinalizer = trackedUids(view);
  let next = settleUncounted(
    { ...status, uncountedTerminatedPods: status.uncountedTerminatedPods ?? {} },
    withFinalizer,
  );
  const succeeded = [...(next.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(next.uncountedTerminatedPods?.failed ?? [])];
  const indexes: number[] = [];
  const release: Pod[] = [];
  let full = false;
  const inOrder = isIndexed(job)
    ? [...pods].sort((a, b) => (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1))
    : pods;
  for (const pod of inOrder) {
    const uid = pod.metadata?.uid ?? '';
    if (!withFinalizer.has(uid) || !mayRelease(view, pod, ending)) continue;
    release.push(pod);
    const index = validIndex(pod, job);
    const counts = !isIndexed(job) || index !== undefined;
    if (pod.status?.phase === 'Succeeded' && !failed.includes(uid)) {
      if (!isIndexed(job)) addOnce(succeeded, uid);
      else if (index !== undefined && !view.countedIndexes.has(index)) indexes.push(index);
    } else if (isPodFailed(pod, job) || (ending && ending.type !== 'SuccessCriteriaMet')) {
      if (counts && failurePolicyOf(job, pod).countsAsFailure) addOnce(failed, uid);
    }
    if (indexes.length + succeeded.length + failed.length >= uncountedMax) {
      full = true;
      break;
    }
  }
  next = { ...next, uncountedTerminatedPods: uncounted(succeeded, failed) };
  if (isIndexed(job)) next = withIndexes(view, next, indexes);
  const { conditions, final } = withEnding(next.conditions ?? [], ending, view.nowMs);
  return { status: { ...next, conditions }, release, ...(final && !full ? { ending: final } : {}) };
}

function addOnce(list: string[], uid: string): void {
  if (!list.includes(uid)) list.push(uid);
}

function uncounted(succeeded: string[], failed: string[]): NonNullable<JobStatus['uncountedTerminatedPods']> {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

/** Uids of the pods that carry the finalizer, but for those from which it was just removed. */
export function trackedUids({ pods, finalizerRemoved }: Pick<JobView, 'pods' | 'finalizerRemoved'>): Set<string> {
  const uids = pods.flatMap((pod) => (hasTrackingFinalizer(pod) ? [pod.metadata?.uid ?? ''] : []));
  return new Set(uids.filter((uid) => !finalizerRemoved.has(uid)));
}

/** Uids whose pods have lost the finalizer become numbers. */
export function settleUncounted(status: JobStatus, withFinalizer: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const stillSucceeded = succeeded.filter((uid) => withFinalizer.has(uid));
  const stillFailed = failed.filter((uid) => withFinalizer.has(uid));
  if (stillSucceeded.length === succeeded.length && stillFailed.length === failed.length) return status;
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - stillSucceeded.length,
    failed: (status.failed ?? 0) + failed.length - stillFailed.length,
    uncountedTerminatedPods: uncounted(stillSucceeded, stillFailed),
  };
}

/** A pod may go when it has finished or the job ends; one that is to be replaced stays until it is. */
function mayRelease(view: JobView, pod: Pod, ending: JobCondition | undefined): boolean {
  if (view.job.metadata?.deletionTimestamp || ending || pod.status?.phase === 'Succeeded') return true;
  if (!isPodFailed(pod, view.job)) return false;
  const index = completionIndex(pod);
  const awaited = hasBackoffPerIndex(view.job) && index !== undefined ? view.awaitingReplacement.get(index) : undefined;
  return awaited?.metadata?.uid !== pod.metadata?.uid || awaited === undefined;
}

function withIndexes(view: JobView, status: JobStatus, indexes: readonly number[]): JobStatus {
  const succeeded = view.countedIndexes.with(indexes);
  const { completedIndexes: _, failedIndexes: __, ...rest } = status;
  const completed = succeeded.toString();
  return {
    ...rest,
    succeeded: succeeded.total,
    ...(completed ? { completedIndexes: completed } : {}),
    ...(view.failedIndexes ? { failedIndexes: view.failedIndexes.toString() } : {}),
  };
}

/** The interim condition goes into the status at once; the final one comes when all pods are accounted for. */
function withEnding(
  conditions: readonly JobCondition[],
  ending: JobCondition | undefined,
  nowMs: number,
): { conditions: JobCondition[]; final?: JobCondition } {
  if (!ending) return { conditions: [...conditions] };
  const known = findCondition(conditions, ending.type ?? '');
  const noted = ending.type === 'Failed' || known?.status === 'True' ? [...conditions] : [...conditions, ending];
  const finalType = ending.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
  return { conditions: noted, final: jobCondition(finalType, ending.reason ?? '', ending.message ?? '', nowMs) };
}

/** The final status, or undefined while pods are unaccounted for or terminating. */
export function finish(
  status: JobStatus,
  ending: JobCondition | undefined,
  terminating: number,
): JobStatus | undefined {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  if (!ending || succeeded.length + failed.length > 0 || terminating > 0) return undefined;
  const conditions = [...(status.conditions ?? []).filter(({ type }) => type !== ending.type), ending];
  return ending.type === 'Complete' && ending.lastTransitionTime
    ? { ...status, conditions, completionTime: ending.lastTransitionTime }
    : { ...status, conditions };
}
