import { expect } from 'chai';
import { CronJobs, Jobs } from '@coracle/apimachinery/resources';
import type { Job } from '@coracle/apimachinery/types/batch-v1';
import type { PodSpec } from '@coracle/apimachinery/types/core-v1';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of batch', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const template = (more: Partial<PodSpec> = {}) => ({
    metadata: { labels: { a: 'b' } },
    spec: { containers: [{ name: 'c', image: 'x' }], restartPolicy: 'Never', ...more },
  });
  const job = (name: string, more: Partial<Job['spec'] & object> = {}) => ({
    metadata: { name, namespace },
    spec: { template: template(), ...more },
  });

  it('label the pods of a job with what is the job alone', async () => {
    const made = await api.client.create<Job>(Jobs, job('j'));
    const uid = made.metadata?.uid;
    const labels = {
      a: 'b',
      'job-name': 'j',
      'batch.kubernetes.io/job-name': 'j',
      'controller-uid': uid,
      'batch.kubernetes.io/controller-uid': uid,
    };
    expect(made.spec?.template.metadata?.labels).to.deep.equal(labels);
    expect(made.metadata?.labels).to.deep.equal(labels);
    expect(made.spec?.selector).to.deep.equal({ matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
    expect(made.spec).to.deep.include({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
    });
  });

  it('refuse labels of another job', async () => {
    const other = { ...template(), metadata: { labels: { 'job-name': 'z' } } };
    const [cause] = await causesOf(api.client.create(Jobs, job('k', { template: other })));
    expect(cause).to.match(/^spec\.template\.metadata\.labels\[job-name\]: Invalid value: .*: must be 'k'$/);
  });

  it('send a suspended job elsewhere, a running one not', async () => {
    await api.client.create(Jobs, job('l', { suspend: true }));
    const moved = { spec: { template: { spec: { nodeSelector: { zone: 'b' } } } } };
    const key = { namespace, name: 'l' };
    const changed = await api.client.patch(Jobs, key, { type: 'merge', body: moved });
    expect(changed.spec?.template.spec?.nodeSelector).to.deep.equal({ zone: 'b' });
    await api.client.create(Jobs, job('m'));
    const [cause] = await causesOf(api.client.patch(Jobs, { namespace, name: 'm' }, { type: 'merge', body: moved }));
    expect(cause).to.match(/^spec\.template: Invalid value: .*: field is immutable$/);
  });

  it('read schedules as cron does', async () => {
    const cron = (schedule: string) =>
      api.client.create(CronJobs, {
        metadata: { name: `c${schedule.length}`, namespace },
        spec: { schedule, jobTemplate: { spec: { template: template() } } },
      } as object);
    await cron('*/5 0-3,7 * jan MON-FRI');
    expect(await causesOf(cron('60 * * * *'))).to.deep.equal([
      'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
    ]);
    expect(await causesOf(cron('* * *'))).to.deep.equal([
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
    ]);
  });
});
