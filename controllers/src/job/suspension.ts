import type { Job, JobStatus } from '@coracle/apimachinery/types/batch-v1';
import { findCondition, formatTime } from '../shared/index.ts';
import { jobCondition } from './evaluate.ts';
import { isSuspended } from './job-pods.ts';

export interface Suspension {
  readonly status: JobStatus;
  /** Set when the job was just suspended or resumed. */
  readonly event?: { readonly reason: string; readonly message: string };
}

/** The status with the Suspended condition and the start time as `spec.suspend` wants them. */
export function withSuspension(job: Job, status: JobStatus, nowMs: number): Suspension {
  const current = findCondition(status.conditions, 'Suspended');
  const others = (status.conditions ?? []).filter((condition) => condition !== current);
  if (isSuspended(job)) {
    if (current?.status === 'True') return { status };
    const { startTime: _, ...rest } = status;
    const condition = jobCondition('Suspended', 'JobSuspended', 'Job suspended', nowMs);
    return {
      status: { ...rest, conditions: [...others, condition] },
      event: { reason: 'Suspended', message: 'Job suspended' },
    };
  }
  if (!current || current.status === 'False') return { status };
  const condition = jobCondition('Suspended', 'JobResumed', 'Job resumed', nowMs, 'False');
  return {
    status: { ...status, startTime: formatTime(nowMs), conditions: [...others, condition] },
    event: { reason: 'Resumed', message: 'Job resumed' },
  };
}
