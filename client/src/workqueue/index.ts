export type * from './workqueue.ts';
