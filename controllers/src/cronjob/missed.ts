import type { CronJob } from '@coracle/apimachinery/types/batch-v1';
import { createdAt, parseTime } from '../shared/index.ts';
import type { Schedule } from './schedule.ts';

/** From so many missed starts on a warning is due. */
const missedMax = 100;

export interface Missed {
  /** The latest time at which the cron job should have started; undefined when none has come. */
  readonly latestMs?: number;
  readonly tooMany: boolean;
}

/** What was missed since the last start, within the starting deadline. */
export function missedSchedules(cronJob: CronJob, schedule: Schedule, nowMs: number): Missed {
  const deadline = cronJob.spec?.startingDeadlineSeconds;
  let since = parseTime(cronJob.status?.lastScheduleTime) ?? createdAt(cronJob);
  if (deadline !== undefined) since = Math.max(since, nowMs - deadline * 1000);
  let latestMs: number | undefined;
  let count = 0;
  for (let time = schedule.next(since); time !== undefined && time <= nowMs; time = schedule.next(time)) {
    latestMs = time;
    if (++count > missedMax) return { latestMs: latestBefore(schedule, time, nowMs), tooMany: deadline === undefined };
  }
  return latestMs === undefined ? { tooMany: false } : { latestMs, tooMany: false };
}

/** The last time not after `nowMs`, looked for from ever further back, so that years of minutes are not walked. */
function latestBefore(schedule: Schedule, knownMs: number, nowMs: number): number {
  for (let span = 60_000; nowMs - span > knownMs; span *= 2) {
    let latest: number | undefined;
    for (let time = schedule.next(nowMs - span); time !== undefined && time <= nowMs; time = schedule.next(time))
      latest = time;
    if (latest !== undefined) return latest;
  }
  let latest = knownMs;
  for (let time = schedule.next(knownMs); time !== undefined && time <= nowMs; time = schedule.next(time))
    latest = time;
  return latest;
}
