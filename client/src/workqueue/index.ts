export { createWorkQueue, type WorkQueueOptions } from './create-work-queue.ts';
export { KeyedBackoff } from './keyed-backoff.ts';
export type * from './workqueue.ts';
