import { isStatus } from '@coracle/apimachinery/errors';
import { Jobs, Pods } from '@coracle/apimachinery/resources';
import type { Job, JobCondition, JobStatus } from '@coracle/apimachinery/types/batch-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import {
  childHandler,
  childrenAndOrphans,
  childrenOf,
  claimObjects,
  controllerOf,
  createPodControl,
  Expectations,
  formatTime,
  isNamespaceTerminating,
  isPodReady,
  isTerminating,
  matchesSelector,
  slowStart,
  StaleGuard,
  statusEqual,
} from '../shared/index.ts';
import { type BackoffRecord, noFailures } from './backoff.ts';
import { evaluateJob, isFinished, type JobView, jobCondition } from './evaluate.ts';
import { hasTrackingFinalizer, isSuspended, trackingFinalizer } from './job-pods.ts';
import { planPods } from './plan-pods.ts';
import { withSuspension } from './suspension.ts';
import { finish, settleUncounted, trackedUids, trackFinished } from './track-status.ts';
import { ReleasedPods, removeTrackingFinalizer } from './tracked-pods.ts';

/** Changes of pods that come together are one look at the job. */
const batchMs = 100;
const ownManager = 'kubernetes.io/job-controller';

/** What creating and deleting pods came to. */
interface Acted {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  readonly failure?: unknown;
  /** False while pods that are to go have not gone. */
  readonly mayEnd: boolean;
}

export const startJob: StartController = ({ client, informers, events, clock, loop }) => {
  const jobs = informers.for(Jobs);
  const pods = informers.for(Pods);
  const expectations = new Expectations(clock);
  const released = new ReleasedPods();
  const stale = new StaleGuard();
  const backoffs = new Map<string, BackoffRecord>();
  const podControl = createPodControl(client, events);
  const matches = (job: Job, pod: Pod) => matchesSelector(job.spec?.selector, pod.metadata?.labels);

  const queue: WorkQueue = loop({ name: 'jobs', reconcile });
  const orphans: WorkQueue = loop({ name: 'orphans', workers: 1, reconcile: releaseOrphan });

  jobs.addHandler({
    added: (job) => queue.add(keyOf(job)),
    updated: (job) => queue.add(keyOf(job)),
    deleted(job) {
      queue.add(keyOf(job));
      for (const pod of childrenOf(pods.lister, job)) if (hasTrackingFinalizer(pod)) orphans.add(keyOf(pod));
    },
  });
  const batched = { add: (key: string) => queue.addAfter(key, batchMs) };
  const children = childHandler({ owners: jobs.lister, ownerKind: Jobs.kind, queue: batched, expectations, matches });
  const noteRelease = (pod: Pod): void => {
    const job = controllerOf(pod)?.name;
    if (job !== undefined) released.seen(`${pod.metadata?.namespace}/${job}`, pod.metadata?.uid ?? '');
  };
  pods.addHandler({
    added(pod) {
      if (hasTrackingFinalizer(pod)) orphans.add(keyOf(pod));
      children.added?.(pod);
    },
    updated(pod, previous) {
      if (hasTrackingFinalizer(pod)) {
        if (controllerOf(pod)?.uid !== controllerOf(previous)?.uid) orphans.add(keyOf(pod));
      } else noteRelease(pod);
      children.updated?.(pod, previous);
    },
    deleted(pod) {
      noteRelease(pod);
      children.deleted?.(pod);
    },
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const job = jobs.lister.get(name, namespace);
    if (!job) return forget(key);
    if ((job.spec?.managedBy ?? ownManager) !== ownManager) return;
    if (isFinished(job)) {
      backoffs.delete(key);
      return;
    }
    if (stale.isStale(key, job)) return;
    const mode = job.spec?.completionMode ?? 'NonIndexed';
    if (mode !== 'NonIndexed' && mode !== 'Indexed') {
      const message = 'Skipped Job sync because completion mode is unknown';
      return events.event(job, 'Warning', 'UnknownCompletionMode', message);
    }
    const view = evaluateJob({
      job: withStartTime(job),
      pods: await claimPods(job),
      finalizerRemoved: new Set(released.of(key)),
      backoff: backoffs.get(key) ?? noFailures,
      nowMs: clock.now(),
    });
    if (view.deadlineMs !== undefined && view.deadlineMs > 0) queue.addAfter(key, view.deadlineMs);
    const settled = expectations.satisfied(key);
    const acted = view.ending ? await deleteActive(view, settled) : await managePods(key, view, settled);
    await commit(key, job, view, acted, settled);
    if (acted.failure !== undefined) throw acted.failure;
  }

  function forget(key: string): void {
    expectations.forget(key);
    released.forget(key);
    stale.forget(key);
    backoffs.delete(key);
  }

  function withStartTime(job: Job): Job {
    if (job.status?.startTime || isSuspended(job)) return job;
    return { ...job, status: { ...job.status, startTime: formatTime(clock.now()) } };
  }

  function claimPods(job: Job): Promise<Pod[]> {
    return claimObjects(childrenAndOrphans(pods.lister, job), {
      client,
      owner: job,
      ownerResource: Jobs,
      resource: Pods,
      matches: (pod) => matches(job, pod),
      finalizers: [trackingFinalizer],
    });
  }

  /** The job is to end: what still runs goes, and its pods keep their finalizer until they are counted. */
  async function deleteActive(view: JobView, settled: boolean): Promise<Acted> {
    const results = await Promise.allSettled(view.active.map((pod) => deletePod(pod, view.job)));
    const deleted = view.active.filter((_, index) => results[index]?.status === 'fulfilled');
    return {
      active: view.active.length - deleted.length,
      ready: view.ready - deleted.filter(isPodReady).length,
      terminating: view.terminating + deleted.length,
      failure: results.find((result) => result.status === 'rejected')?.reason,
      mayEnd: settled && deleted.length === view.active.length,
    };
  }

  async function deletePod(pod: Pod, job: Job): Promise<void> {
    try {
      await podControl.delete(pod, job);
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }

  async function managePods(key: string, view: JobView, settled: boolean): Promise<Acted> {
    const still: Acted = { active: view.active.length, ready: view.ready, terminating: view.terminating, mayEnd: true };
    if (!settled || isTerminating(view.job)) return still;
    const plan = planPods(view);
    if (plan.requeueAfterMs !== undefined) queue.addAfter(key, Math.max(plan.requeueAfterMs, batchMs));
    if (plan.delete.length > 0) return deletePods(key, view, plan.delete);
    if (plan.create.length === 0) return still;
    const { successes, failure } = await createPods(key, view.job, plan.create);
    return { ...still, active: still.active + successes, failure };
  }

  /** Pods that the job has no use for: they do not count, so their finalizer goes first. */
  async function deletePods(key: string, view: JobView, doomed: readonly Pod[]): Promise<Acted> {
    expectations.expect(
      key,
      0,
      doomed.map((pod) => pod.metadata?.uid ?? ''),
    );
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        try {
          await removeTrackingFinalizer(client, pod);
          await podControl.delete(pod, view.job);
        } catch (error) {
          expectations.deletionObserved(key, pod.metadata?.uid ?? '');
          if (!isStatus(error, 'NotFound')) throw error;
        }
      }),
    );
    const deleted = doomed.filter((_, index) => results[index]?.status === 'fulfilled');
    return {
      active: view.active.length - deleted.length,
      ready: view.ready - deleted.filter(isPodReady).length,
      terminating: view.terminating + deleted.length,
      failure: results.find((result) => result.status === 'rejected')?.reason,
      mayEnd: true,
    };
  }

  async function createPods(
    key: string,
    job: Job,
    wanted: readonly Pod[],
  ): Promise<{ successes: number; failure?: unknown }> {
    expectations.expect(key, wanted.length);
    const { successes, error } = await slowStart(wanted.length, async (index) => {
      try {
        await podControl.create(wanted[index] as Pod, job);
      } catch (failure) {
        if (!isNamespaceTerminating(failure)) throw failure;
      }
    });
    for (let missing = wanted.length - successes; missing > 0; missing--) expectations.creationObserved(key);
    return { successes, failure: error };
  }

  /** Writes the status, lets counted pods go, and ends the job when everything is accounted for. */
  async function commit(key: string, live: Job, view: JobView, acted: Acted, settled: boolean): Promise<void> {
    const counts: JobStatus = {
      ...view.job.status,
      active: acted.active,
      ready: acted.ready,
      terminating: acted.terminating,
    };
    const ending = view.ending ? (acted.mayEnd ? view.ending : undefined) : completion(view, acted);
    const managed = settled && !isTerminating(view.job) && !ending;
    const suspension = managed ? withSuspension(view.job, counts, view.nowMs) : { status: counts };
    const tracking = trackFinished(view, suspension.status, ending);
    let job = await writeStatus(key, live, tracking.status);
    if (suspension.event) events.event(live, 'Normal', suspension.event.reason, suspension.event.message);
    backoffs.set(key, view.nextBackoff);
    const { uids, failure } = await release(key, tracking.release);
    const gone = new Set([...view.finalizerRemoved, ...uids]);
    const settledStatus = settleUncounted(tracking.status, trackedUids({ pods: view.pods, finalizerRemoved: gone }));
    const finished = failure === undefined ? finish(settledStatus, tracking.ending, acted.terminating) : undefined;
    job = await writeStatus(key, job, finished ?? settledStatus);
    if (finished && tracking.ending) announceEnd(job, tracking.ending);
    if (failure !== undefined) throw failure;
  }

  function completion(view: JobView, acted: Acted): JobCondition | undefined {
    const completions = view.job.spec?.completions;
    const enough = completions === undefined ? view.succeeded > 0 : view.succeeded >= completions;
    if (!enough || acted.active > 0) return undefined;
    const message = 'Reached expected number of succeeded pods';
    return jobCondition('SuccessCriteriaMet', 'CompletionsReached', message, view.nowMs);
  }

  /** The uids of the pods that were let go, and the first failure. */
  async function release(key: string, counted: readonly Pod[]): Promise<{ uids: string[]; failure?: unknown }> {
    const uids: string[] = [];
    const results = await Promise.allSettled(
      counted.map(async (pod) => {
        const uid = pod.metadata?.uid ?? '';
        // Noted before: the event of the change may be here before the answer to it.
        released.add(key, uid);
        try {
          await removeTrackingFinalizer(client, pod);
          uids.push(uid);
        } catch (error) {
          released.seen(key, uid);
          throw error;
        }
      }),
    );
    return { uids, failure: results.find((result) => result.status === 'rejected')?.reason };
  }

  async function writeStatus(key: string, job: Job, status: JobStatus): Promise<Job> {
    const complete = { ...status, uncountedTerminatedPods: status.uncountedTerminatedPods ?? {} };
    const same = statusEqual(job.status, complete) && job.status?.uncountedTerminatedPods !== undefined;
    if (same) return job;
    const written = await client.update(Jobs, { ...job, status: complete }, { subresource: 'status' });
    stale.replaced(key, job, written);
    return written;
  }

  function announceEnd(job: Job, ending: JobCondition): void {
    if (ending.type !== 'Complete') {
      return events.event(job, 'Warning', ending.reason ?? '', ending.message ?? '');
    }
    if (job.spec?.completions !== undefined && (job.status?.succeeded ?? 0) > job.spec.completions) {
      const message = 'Too many succeeded pods running after completion count reached';
      events.event(job, 'Warning', 'TooManySucceededPods', message);
    }
    events.event(job, 'Normal', 'Completed', 'Job completed');
  }

  /** A pod with the finalizer and without a job that would count it. */
  async function releaseOrphan(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const pod = pods.lister.get(name, namespace);
    if (!pod || !hasTrackingFinalizer(pod)) return;
    const owner = controllerOf(pod);
    if (owner) {
      if (owner.kind !== Jobs.kind) return;
      const job = jobs.lister.get(owner.name, namespace);
      if (job?.metadata?.uid === owner.uid && !isFinished(job)) return;
      if (job?.spec?.managedBy !== undefined && job.spec.managedBy !== ownManager) return;
    }
    await removeTrackingFinalizer(client, pod);
  }
};
