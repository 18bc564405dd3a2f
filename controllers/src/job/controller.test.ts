import { expect } from 'chai';
import { CronJobs, Events, Jobs, Pods } from '@coracle/apimachinery/resources';
import type { JobSpec } from '@coracle/apimachinery/types/batch-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'image' }] } };

const createJob = (cluster: TestCluster, spec: Partial<JobSpec> = {}) =>
  cluster.create(Jobs, { metadata: { name: 'work' }, spec: { template, ...spec } });

const ended = (cluster: TestCluster, type: 'Complete' | 'Failed') =>
  cluster.until(`the job to be ${type}`, async () => {
    const job = await cluster.get(Jobs, 'work');
    return job?.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') && job;
  });

const index = (pod: Pod) => Number(pod.metadata?.annotations?.['batch.kubernetes.io/job-completion-index']);

describe('job controller', () => {
  it('runs to completion, counts every pod once and lets all go', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'succeeded' });
    await createJob(cluster, { completions: 4, parallelism: 2 });
    const { status } = await ended(cluster, 'Complete');
    expect(status).to.deep.include({ succeeded: 4, uncountedTerminatedPods: {} });
    expect(status).to.have.property('completionTime');
    expect(status?.conditions?.map(({ type, reason }) => [type, reason])).to.deep.equal([
      ['SuccessCriteriaMet', 'CompletionsReached'],
      ['Complete', 'CompletionsReached'],
    ]);
    const pods = await cluster.list(Pods);
    expect(pods).to.have.length(4);
    expect(pods.flatMap(({ metadata }) => metadata?.finalizers ?? [])).to.deep.equal([]);
    await cluster.until('the event', async () =>
      (await cluster.list(Events)).some(({ message }) => message === 'Job completed'),
    );
  });

  it('gives every index a pod of its own', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'succeeded' });
    await createJob(cluster, { completions: 4, parallelism: 4, completionMode: 'Indexed' });
    const { status } = await ended(cluster, 'Complete');
    expect(status).to.include({ succeeded: 4, completedIndexes: '0-3' });
    const pods = await cluster.list(Pods);
    expect(pods.map(({ spec }) => spec?.hostname).sort()).to.deep.equal(['work-0', 'work-1', 'work-2', 'work-3']);
    expect(pods[0]?.spec?.containers[0]?.env?.[0]).to.deep.include({ name: 'JOB_COMPLETION_INDEX' });
  });

  it('waits ever longer between failures and gives up at the back-off limit', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'failed' });
    await createJob(cluster, { backoffLimit: 2 });
    await cluster.until('the first failure', async () => (await cluster.get(Jobs, 'work'))?.status?.failed === 1);
    await cluster.clock.advance(8_000);
    expect(await cluster.list(Pods)).to.have.length(1);
    await cluster.clock.advance(4_000);
    await cluster.until('the second pod', async () => (await cluster.list(Pods)).length === 2);
    await cluster.clock.advance(25_000);
    const { status } = await ended(cluster, 'Failed');
    expect(status).to.include({ failed: 3 });
    expect(status?.conditions?.at(-1)).to.include({
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    });
  });

  it('counts failures per index and completes the rest', async () => {
    await using cluster = await startTestCluster({ kubelet: (pod) => (index(pod) % 2 === 0 ? 'failed' : 'succeeded') });
    await createJob(cluster, { completions: 4, parallelism: 4, completionMode: 'Indexed', backoffLimitPerIndex: 1 });
    await cluster.clock.advance(15_000);
    const { status } = await ended(cluster, 'Failed');
    expect(status).to.include({ completedIndexes: '1,3', failedIndexes: '0,2', failed: 4, succeeded: 2 });
    expect(status?.conditions?.at(-1)).to.include({ reason: 'FailedIndexes' });
  });

  it('fails at once by the pod failure policy', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'failed' });
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }];
    await createJob(cluster, { backoffLimit: 6, podFailurePolicy: { rules } });
    const { status } = await ended(cluster, 'Failed');
    expect(status?.conditions?.at(-1)?.message).to.match(
      /^Container main for pod test\/work-\w+ failed with exit code 1 matching FailJob rule at index 0$/,
    );
  });

  it('ends early when the success policy is met, and deletes what still runs', async () => {
    await using cluster = await startTestCluster({ kubelet: (pod) => (index(pod) === 0 ? 'succeeded' : 'running') });
    const successPolicy = { rules: [{ succeededIndexes: '0' }] };
    await createJob(cluster, { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy });
    const { status } = await ended(cluster, 'Complete');
    expect(status?.conditions?.map(({ type, reason }) => [type, reason])).to.deep.equal([
      ['SuccessCriteriaMet', 'SuccessPolicy'],
      ['Complete', 'SuccessPolicy'],
    ]);
    await cluster.until('only the pod that succeeded', async () => (await cluster.list(Pods)).length === 1);
  });

  it('suspends and resumes', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'running' });
    await createJob(cluster, { parallelism: 2, completions: 2 });
    await cluster.until('two active pods', async () => (await cluster.get(Jobs, 'work'))?.status?.active === 2);
    const suspend = (value: boolean) =>
      cluster.client.patch(Jobs, { namespace, name: 'work' }, { type: 'merge', body: { spec: { suspend: value } } });
    await suspend(true);
    await cluster.until('no pods', async () => (await cluster.list(Pods)).length === 0);
    const suspended = await cluster.until('the condition', async () => {
      const job = await cluster.get(Jobs, 'work');
      return job?.status?.conditions?.some(({ type, status }) => type === 'Suspended' && status === 'True') && job;
    });
    expect(suspended.status).not.to.have.property('startTime');
    expect(suspended.status?.failed ?? 0).to.equal(0);
    await suspend(false);
    const resumed = await cluster.until('two pods again', async () => {
      const job = await cluster.get(Jobs, 'work');
      return job?.status?.active === 2 && job;
    });
    expect(resumed.status?.conditions).to.deep.include.members(
      resumed.status?.conditions?.filter(
        ({ type, status, reason }) => type === 'Suspended' && status === 'False' && reason === 'JobResumed',
      ) ?? [null],
    );
    expect(resumed.status).to.have.property('startTime');
  });

  it('ends at the active deadline', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'running' });
    await createJob(cluster, { activeDeadlineSeconds: 30 });
    await cluster.until('an active pod', async () => (await cluster.get(Jobs, 'work'))?.status?.active === 1);
    await cluster.clock.advance(31_000);
    const { status } = await ended(cluster, 'Failed');
    expect(status?.conditions?.at(-1)).to.include({ reason: 'DeadlineExceeded' });
    expect(status?.active ?? 0).to.equal(0);
  });

  it('deletes finished jobs after their time to live, with their pods', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'succeeded' });
    await createJob(cluster, { ttlSecondsAfterFinished: 60 });
    await ended(cluster, 'Complete');
    await cluster.clock.advance(61_000);
    await cluster.until(
      'neither job nor pod',
      async () => !(await cluster.get(Jobs, 'work')) && (await cluster.list(Pods)).length === 0,
    );
  });
});

describe('cron job controller', () => {
  const cron = (spec: object) => ({
    metadata: { name: 'tick' },
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } }, ...spec },
  });

  it('starts a job at every scheduled time and keeps a short history', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'succeeded' });
    await cluster.create(CronJobs, cron({ successfulJobsHistoryLimit: 1 }));
    await cluster.clock.advance(5 * 60_000 + 1000);
    const first = await cluster.until('the first job', async () => (await cluster.list(Jobs))[0]);
    expect(first.metadata?.name).to.equal(`tick-${Date.UTC(2026, 0, 1, 0, 5) / 60_000}`);
    expect(first.metadata?.annotations).to.include({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:05:00Z',
    });
    await cluster.clock.advance(5 * 60_000);
    await cluster.until('the second job alone', async () => {
      const jobs = await cluster.list(Jobs);
      return jobs.length === 1 && jobs[0]?.metadata?.name !== first.metadata?.name;
    });
    const { status } = await cluster.until('a settled status', async () => {
      const found = await cluster.get(CronJobs, 'tick');
      return Boolean(found?.status?.lastSuccessfulTime) && !found?.status?.active?.length && found;
    });
    expect(status?.lastScheduleTime).to.equal('2026-01-01T00:10:00Z');
  });

  it('keeps to Forbid and Replace while a job runs', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'running' });
    await cluster.create(CronJobs, cron({ concurrencyPolicy: 'Forbid' }));
    await cluster.clock.advance(11 * 60_000);
    expect(await cluster.list(Jobs)).to.have.length(1);
    await cluster.client.patch(
      CronJobs,
      { namespace, name: 'tick' },
      { type: 'merge', body: { spec: { concurrencyPolicy: 'Replace' } } },
    );
    await cluster.clock.advance(5 * 60_000);
    await cluster.until('another job in its place', async () => {
      const jobs = await cluster.list(Jobs);
      return (
        jobs.length === 1 &&
        jobs[0]?.metadata?.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] === '2026-01-01T00:15:00Z'
      );
    });
  });
});
