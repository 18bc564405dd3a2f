/** Places pods on nodes. */
export { type SchedulerDependencies, type SchedulerOptions, startScheduler } from './scheduler.ts';
