import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { compareForDeletion, isPodTerminating } from '../shared/index.ts';
import { remainingBackoffMs, remainingIndexBackoffMs } from './backoff.ts';
import type { JobView } from './evaluate.ts';
import {
  completionIndex,
  hasBackoffPerIndex,
  isIndexed,
  isSuspended,
  makePod,
  onlyReplacesFailed,
} from './job-pods.ts';

/** Pods created or deleted in one go at most. */
const podsPerSyncMax = 500;

export interface PodPlan {
  readonly delete: readonly Pod[];
  readonly create: readonly Pod[];
  /** Back-off that keeps pods from being made now. */
  readonly requeueAfterMs?: number;
}

/** Which pods come and go so that the job makes progress. */
export function planPods(view: JobView): PodPlan {
  if (isSuspended(view.job)) return { delete: surplus(view, view.active.length), create: [] };
  const wanted = wantedActive(view);
  const doomed = surplus(view, Math.max(0, view.active.length - wanted)).slice(0, podsPerSyncMax);
  if (doomed.length > 0) return { delete: doomed, create: [] };
  const blocking = onlyReplacesFailed(view.job) ? view.terminating : 0;
  const missing = Math.min(wanted - blocking - view.active.length, podsPerSyncMax);
  return missing > 0 ? planCreation(view, missing) : { delete: [], create: [] };
}

function wantedActive({ job, succeeded, active }: JobView): number {
  const parallelism = job.spec?.parallelism ?? 1;
  const completions = job.spec?.completions;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function planCreation(view: JobView, missing: number): PodPlan {
  const { job, nowMs } = view;
  if (!hasBackoffPerIndex(job)) {
    const wait = remainingBackoffMs(view.nextBackoff, nowMs);
    if (wait > 0) return { delete: [], create: [], requeueAfterMs: wait };
  }
  if (!isIndexed(job))
    return { delete: [], create: Array.from({ length: missing }, () => makePod(job, undefined, undefined)) };
  const indexes = pendingIndexes(view, missing);
  const waits = indexes.map((index) => remainingIndexBackoffMs(view.awaitingReplacement.get(index), nowMs));
  const due = indexes.filter((_, position) => waits[position] === 0);
  if (due.length === 0 && waits.length > 0) return { delete: [], create: [], requeueAfterMs: Math.min(...waits) };
  return { delete: [], create: due.map((index) => makePod(job, index, view.awaitingReplacement.get(index))) };
}

function pendingIndexes(view: JobView, count: number): number[] {
  const busy = onlyReplacesFailed(view.job) ? [...view.active, ...view.pods.filter(isPodTerminating)] : view.active;
  let settled = view.succeededIndexes.with(busy.flatMap((pod) => completionIndex(pod) ?? []));
  if (view.failedIndexes) settled = settled.merge(view.failedIndexes);
  return settled.firstMissing(count, view.job.spec?.completions ?? 0);
}

/** At least `count` pods to remove: those without a use (a second of an index, an index too high) always. */
function surplus({ job, active, nowMs }: JobView, count: number): readonly Pod[] {
  const useless: Pod[] = [];
  let rest = [...active];
  const rank = (pods: Pod[]) => pods.sort((a, b) => compareForDeletion(a, b, () => 0, nowMs));
  if (isIndexed(job)) {
    const byIndex = new Map<number, Pod[]>();
    for (const pod of active) {
      const index = completionIndex(pod);
      if (index === undefined || index >= (job.spec?.completions ?? 0)) useless.push(pod);
      else byIndex.set(index, [...(byIndex.get(index) ?? []), pod]);
    }
    rest = [];
    for (const pods of byIndex.values()) {
      const ranked = rank(pods);
      useless.push(...ranked.slice(0, -1));
      rest.push(...ranked.slice(-1));
    }
  }
  if (useless.length >= count) return useless;
  return [...useless, ...rank(rest).slice(0, count - useless.length)];
}
