import { isStatus } from '@coracle/apimachinery/errors';
import { CronJobs, Jobs } from '@coracle/apimachinery/resources';
import type { CronJob, CronJobStatus, Job } from '@coracle/apimachinery/types/batch-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { objectKey, queueController, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import {
  childrenOf,
  formatTime,
  isControlledBy,
  isNamespaceTerminating,
  isTerminating,
  messageOf,
  parseTime,
  StaleGuard,
  statusEqual,
} from '../shared/index.ts';
import { missedSchedules } from './missed.ts';
import { jobName, makeJob, outcomeOf, referenceTo, rfc1123, settleJobs, surplusJobs } from './reconcile.ts';
import { parseSchedule, type Schedule } from './schedule.ts';
import { createZone } from './time-zone.ts';

/** Wakes a little after the minute, so that the minute has come by every clock involved. */
const slackMs = 100;

export const startCronJob: StartController = ({ client, informers, events, clock, loop }) => {
  const cronJobs = informers.for(CronJobs);
  const jobs = informers.for(Jobs);
  const stale = new StaleGuard();
  const queue: WorkQueue = loop({ reconcile });
  cronJobs.addHandler(queueSelf(queue));
  jobs.addHandler(queueController(queue, CronJobs.kind));

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const cronJob = cronJobs.lister.get(name, namespace);
    if (!cronJob) return stale.forget(key);
    if (stale.isStale(key, cronJob)) return;
    const owned = childrenOf(jobs.lister, cronJob);
    const settled = settleJobs(cronJob, owned);
    for (const event of settled.events) events.event(cronJob, event.type, event.reason, event.message);
    let status = await dropMissing(cronJob, settled.status, owned);
    const surplus = new Set(surplusJobs(cronJob, owned));
    for (const job of surplus) status = await deleteJob(cronJob, job, status);
    if (!isTerminating(cronJob) && !cronJob.spec?.suspend) status = await start(key, cronJob, status);
    if (statusEqual(cronJob.status, status)) return;
    const written = await client.update(CronJobs, { ...cronJob, status }, { subresource: 'status' });
    stale.replaced(key, cronJob, written);
  }

  /** Active jobs that are no more. The cache may not have those that were just made. */
  async function dropMissing(cronJob: CronJob, status: CronJobStatus, owned: readonly Job[]): Promise<CronJobStatus> {
    const present = new Set(owned.map((job) => job.metadata?.uid));
    let active = status.active ?? [];
    for (const reference of active) {
      if (present.has(reference.uid) || (await exists(reference))) continue;
      events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`);
      active = active.filter((other) => other !== reference);
    }
    return { ...status, active };
  }

  async function exists({
    name = '',
    namespace = '',
    uid,
  }: {
    name?: string;
    namespace?: string;
    uid?: string;
  }): Promise<boolean> {
    try {
      return (await client.get(Jobs, { name, namespace })).metadata?.uid === uid;
    } catch (error) {
      if (isStatus(error, 'NotFound')) return false;
      throw error;
    }
  }

  async function deleteJob(cronJob: CronJob, job: Job, status: CronJobStatus): Promise<CronJobStatus> {
    try {
      await client.delete(Jobs, objectKey(job), { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) {
        events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
        throw error;
      }
    }
    events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata?.name}`);
    return { ...status, active: (status.active ?? []).filter(({ uid }) => uid !== job.metadata?.uid) };
  }

  function readSchedule(cronJob: CronJob): Schedule | undefined {
    const { timeZone, schedule = '' } = cronJob.spec ?? {};
    if (timeZone !== undefined) {
      try {
        createZone(timeZone);
      } catch (error) {
        events.event(cronJob, 'Warning', 'UnknownTimeZone', `invalid timeZone: "${timeZone}": ${messageOf(error)}`);
        return undefined;
      }
    }
    if (/TZ=/.test(schedule)) {
      const message =
        `CRON_TZ or TZ used in schedule "${schedule}" is not officially supported, see ` +
        'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
      events.event(cronJob, 'Warning', 'UnsupportedSchedule', message);
    }
    try {
      return parseSchedule(schedule, timeZone);
    } catch (error) {
      events.event(
        cronJob,
        'Warning',
        'UnparseableSchedule',
        `unparseable schedule: "${schedule}" : ${messageOf(error)}`,
      );
      return undefined;
    }
  }

  /** Makes the job that is due, if one is, and sees to it that the next is not missed. */
  async function start(key: string, cronJob: CronJob, status: CronJobStatus): Promise<CronJobStatus> {
    const schedule = readSchedule(cronJob);
    if (!schedule) return status;
    const nowMs = clock.now();
    const next = schedule.next(nowMs);
    if (next !== undefined) queue.addAfter(key, next - nowMs + slackMs);
    const { latestMs, tooMany } = missedSchedules({ ...cronJob, status }, schedule, nowMs);
    if (tooMany) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      events.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    if (latestMs === undefined) return status;
    const deadline = cronJob.spec?.startingDeadlineSeconds;
    if (deadline !== undefined && latestMs + deadline * 1000 < nowMs) {
      const message = `Missed scheduled time to start a job: ${rfc1123(latestMs)}`;
      events.event(cronJob, 'Warning', 'MissSchedule', message);
      return status;
    }
    const wanted = jobName(cronJob, latestMs);
    const isStarted =
      (status.active ?? []).some(({ name }) => name === wanted) || parseTime(status.lastScheduleTime) === latestMs;
    if (isStarted) return status;
    return startJob(cronJob, status, latestMs);
  }

  async function startJob(cronJob: CronJob, status: CronJobStatus, scheduledMs: number): Promise<CronJobStatus> {
    let next = status;
    const active = status.active ?? [];
    if (cronJob.spec?.concurrencyPolicy === 'Forbid' && active.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      events.event(cronJob, 'Normal', 'JobAlreadyActive', message);
      return status;
    }
    if (cronJob.spec?.concurrencyPolicy === 'Replace') {
      for (const { name = '', namespace = '', uid = '' } of active) {
        next = await deleteJob(cronJob, { metadata: { name, namespace, uid } }, next);
      }
    }
    const job = await createJob(cronJob, makeJob(cronJob, scheduledMs));
    if (!job) return next;
    return { ...next, active: [...(next.active ?? []), referenceTo(job)], lastScheduleTime: formatTime(scheduledMs) };
  }

  async function createJob(cronJob: CronJob, job: Job): Promise<Job | undefined> {
    try {
      const created = await client.create(Jobs, job);
      events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${created.metadata?.name}`);
      return created;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!isStatus(error, 'AlreadyExists')) {
        events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
        throw error;
      }
      // Made before and not noted in the status: it counts when it is ours and still runs.
      const existing = await client.get(Jobs, objectKey(job));
      if (!isControlledBy(existing, cronJob)) throw error;
      return outcomeOf(existing) ? undefined : existing;
    }
  }
};
