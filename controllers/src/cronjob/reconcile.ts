import { CronJobs, Jobs } from '@coracle/apimachinery/resources';
import { groupVersion } from '@coracle/apimachinery/schema';
import type { CronJob, CronJobStatus, Job } from '@coracle/apimachinery/types/batch-v1';
import type { ObjectReference } from '@coracle/apimachinery/types/core-v1';
import { byCreation, controllerReference, parseTime } from '../shared/index.ts';
import { createZone } from './time-zone.ts';

const scheduledTimeAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** Job names leave room for the suffix. */
const jobNameCharactersMax = 63;

export interface CronEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The job's end: `Complete` or `Failed`; undefined while it runs. */
export function outcomeOf(job: Job): 'Complete' | 'Failed' | undefined {
  const done = (job.status?.conditions ?? []).find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  return done?.type as 'Complete' | 'Failed' | undefined;
}

/** The status after a look at the cron job's jobs: finished ones leave the active list, unknown ones are spoken of. */
export function settleJobs(cronJob: CronJob, jobs: readonly Job[]): { status: CronJobStatus; events: CronEvent[] } {
  const events: CronEvent[] = [];
  let active = [...(cronJob.status?.active ?? [])];
  let lastSuccessfulTime = cronJob.status?.lastSuccessfulTime;
  for (const job of jobs) {
    const { name, uid } = job.metadata ?? {};
    const isListed = active.some((reference) => reference.uid === uid);
    const outcome = outcomeOf(job);
    if (!isListed && !outcome) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      events.push({ type: 'Warning', reason: 'UnexpectedJob', message });
    } else if (isListed && outcome) {
      active = active.filter((reference) => reference.uid !== uid);
      const message = `Saw completed job: ${name}, condition: ${outcome}`;
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message });
    }
    if (outcome === 'Complete') {
      const completed = parseTime(job.status?.completionTime);
      if (completed !== undefined && completed > (parseTime(lastSuccessfulTime) ?? 0)) {
        lastSuccessfulTime = job.status?.completionTime;
      }
    }
  }
  return { status: { ...cronJob.status, active, ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}) }, events };
}

/** Finished jobs beyond the history limits, oldest first. */
export function surplusJobs(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  const { successfulJobsHistoryLimit: successful, failedJobsHistoryLimit: failed } = cronJob.spec ?? {};
  const beyond = (outcome: 'Complete' | 'Failed', limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const finished = jobs.filter((job) => outcomeOf(job) === outcome).sort(byStart);
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [...beyond('Complete', successful), ...beyond('Failed', failed)];
}

function byStart(a: Job, b: Job): number {
  const start = (job: Job) => parseTime(job.status?.startTime) ?? Number.POSITIVE_INFINITY;
  return start(a) === start(b) ? byCreation(a, b) : start(a) - start(b);
}

/** One name per scheduled time, so that a start is never made twice. */
export function jobName(cronJob: CronJob, scheduledMs: number): string {
  const suffix = `-${Math.floor(scheduledMs / 60_000)}`;
  return `${(cronJob.metadata?.name ?? '').slice(0, jobNameCharactersMax - suffix.length)}${suffix}`;
}

export function makeJob(cronJob: CronJob, scheduledMs: number): Job {
  const template = cronJob.spec?.jobTemplate;
  const { labels, annotations } = template?.metadata ?? {};
  return {
    apiVersion: groupVersion(Jobs),
    kind: Jobs.kind,
    metadata: {
      name: jobName(cronJob, scheduledMs),
      namespace: cronJob.metadata?.namespace ?? '',
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [scheduledTimeAnnotation]: zonedTime(scheduledMs, cronJob.spec?.timeZone) },
      ownerReferences: [controllerReference(cronJob, CronJobs)],
    },
    ...(template?.spec ? { spec: template.spec } : {}),
  };
}

/** RFC 3339 with the offset of the cron job's zone. */
function zonedTime(ms: number, timeZone = 'UTC'): string {
  const offset = createZone(timeZone).offsetMinutes(ms);
  const wall = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${wall}Z`;
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(offset);
  return `${wall}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export function referenceTo(job: Job): ObjectReference {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = job.metadata ?? {};
  return { apiVersion: groupVersion(Jobs), kind: Jobs.kind, name, namespace, uid, resourceVersion };
}

/** `Mon, 02 Jan 2006 15:04:05 +0000`. */
export function rfc1123(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000');
}
