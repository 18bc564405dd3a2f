/** For tests of the scheduler: objects in a line each, a cluster for single plugins, the whole scheduler over an API in memory. */
export { node, type NodeWish, pod, podAffinity, podAntiAffinity, type PodWish } from './builders.ts';
export { type FakeCluster, fakeCluster, filterResults, scores } from './fake-cluster.ts';
export { type RunningTestScheduler, startTestScheduler } from './test-scheduler.ts';
