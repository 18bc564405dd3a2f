import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { allIndexFailures, finishedAt } from './job-pods.ts';

const baseMs = 10_000;
const maxMs = 600_000;

/** Failures of a job's pods since its last success. */
export interface BackoffRecord {
  readonly failures: number;
  readonly lastFailureMs: number;
}

export const noFailures: BackoffRecord = { failures: 0, lastFailureMs: 0 };

/** The record after these pods finished. */
export function nextRecord(record: BackoffRecord, succeeded: readonly Pod[], failed: readonly Pod[]): BackoffRecord {
  const failures = failed.map(finishedAt);
  if (succeeded.length === 0) {
    if (failures.length === 0) return record;
    return { failures: record.failures + failures.length, lastFailureMs: Math.max(...failures) };
  }
  const lastSuccess = Math.max(...succeeded.map(finishedAt));
  const since = failures.filter((time) => time > lastSuccess);
  return since.length === 0 ? noFailures : { failures: since.length, lastFailureMs: Math.max(...since) };
}

/** Milliseconds until the next pod may be made: 10 s after the first failure, doubling, ten minutes at most. */
export function remainingBackoffMs({ failures, lastFailureMs }: BackoffRecord, nowMs: number): number {
  if (failures === 0) return 0;
  const wait = Math.min(baseMs * 2 ** (failures - 1), maxMs);
  return Math.max(0, lastFailureMs + wait - nowMs);
}

/** The same for one index, from the failed pod that is to be replaced. */
export function remainingIndexBackoffMs(replaced: Pod | undefined, nowMs: number): number {
  if (!replaced) return 0;
  return remainingBackoffMs({ failures: allIndexFailures(replaced) + 1, lastFailureMs: finishedAt(replaced) }, nowMs);
}
