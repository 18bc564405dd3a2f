import { expect } from 'chai';
import { Deployments, DaemonSets, StatefulSets } from '@coracle/apimachinery/resources';
import type { DaemonSet } from '@coracle/apimachinery/types/apps-v1';
import type { PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import type { Scale } from '@coracle/apimachinery/types/autoscaling-v1';
import { rawRequest, startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of apps', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const template = (labels = { app: 'a' }): PodTemplateSpec => ({
    metadata: { labels },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  });
  const spec = { selector: { matchLabels: { app: 'a' } }, template: template() };
  const deployment = (name: string, more: object = {}) => ({
    metadata: { name, namespace },
    spec: { ...spec, ...more },
  });
  const deployments = '/apis/apps/v1/namespaces/default/deployments';

  it('fill in a deployment', async () => {
    const { spec: made } = await api.client.create(Deployments, deployment('d'));
    expect(made).to.deep.include({
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    expect(made.template.spec).to.deep.include({ restartPolicy: 'Always', schedulerName: 'default-scheduler' });
  });

  it('refuse what cannot be rolled out', async () => {
    const stuck = deployment('e', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } });
    expect(await causesOf(api.client.create(Deployments, stuck))).to.deep.equal([
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ]);
    const strangers = deployment('e', { template: template({ app: 'b' }) });
    expect(await causesOf(api.client.create(Deployments, strangers))).to.deep.equal([
      'spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`',
    ]);
  });

  it('show the generation of a template with the daemon set and not with its metadata alone', async () => {
    const annotation = 'deprecated.daemonset.template.generation';
    const set: DaemonSet = { metadata: { name: 's', namespace }, spec };
    const made = await api.client.create(DaemonSets, set);
    expect(made.metadata?.annotations).to.have.property(annotation);
    for (const kind of ['PartialObjectMetadata', 'Table']) {
      const accept = `application/json;as=${kind};v=v1;g=meta.k8s.io`;
      const path = '/apis/apps/v1/namespaces/default/daemonsets/s';
      const alone = await rawRequest(api.server, { method: 'GET', path, headers: { accept } });
      expect(alone.text).to.include(kind).and.not.include(`"${annotation}":"1"`);
    }
  });

  it('warn of the pods of a template, and again only when the generation grew', async () => {
    const pods = { ...template(), spec: { ...template().spec, imagePullSecrets: [{}] } };
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...deployment('w', { template: pods }) };
    const made = await rawRequest(api.server, { method: 'POST', path: deployments, body });
    expect(made.headers['warning']).to.include('spec.template.spec.imagePullSecrets[0].name: invalid empty name');
    const again = await rawRequest(api.server, { method: 'PUT', path: `${deployments}/w`, body });
    expect(again.headers).to.not.have.property('warning');
  });

  it('keep the selector of a deployment', async () => {
    await api.client.create(Deployments, deployment('f'));
    const body = { spec: { selector: { matchLabels: { app: 'b' } }, template: template({ app: 'b' }) } };
    const changed = api.client.patch(Deployments, { namespace, name: 'f' }, { type: 'merge', body });
    expect(await causesOf(changed)).to.deep.equal([
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ]);
  });

  it('scale a deployment through its subresource', async () => {
    await api.client.create(Deployments, deployment('g'));
    const scale = (await api.client.raw('GET', `${deployments}/g/scale`)) as Scale;
    expect(scale).to.deep.include({ spec: { replicas: 1 }, status: { replicas: 0, selector: 'app=a' } });
    await api.client.raw('PUT', `${deployments}/g/scale`, { ...scale, spec: { replicas: 4 } });
    const scaled = await api.client.get(Deployments, { namespace, name: 'g' });
    expect(scaled.spec.replicas).to.equal(4);
    expect(scaled.metadata?.generation).to.equal(2);
    const owner = scaled.metadata?.managedFields?.find(({ subresource }) => subresource === 'scale');
    expect(owner?.fieldsV1).to.deep.equal({ 'f:spec': { 'f:replicas': {} } });
    const negative = api.client.raw('PUT', `${deployments}/g/scale`, {
      ...scale,
      metadata: { name: 'g', namespace },
      spec: { replicas: -1 },
    });
    expect(await causesOf(negative)).to.deep.equal([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  it('change nothing of a stateful set but what may change', async () => {
    const set = { metadata: { name: 's', namespace }, spec: { ...spec, serviceName: 'a' } };
    const made = await api.client.create(StatefulSets, set);
    expect(made.spec).to.deep.include({
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    const key = { namespace, name: 's' };
    const renamed = api.client.patch(StatefulSets, key, { type: 'merge', body: { spec: { serviceName: 'b' } } });
    expect(await causesOf(renamed)).to.deep.equal(['spec.serviceName: Invalid value: "b": field is immutable']);
    const parallel = { spec: { podManagementPolicy: 'Parallel' } };
    const [cause] = await causesOf(api.client.patch(StatefulSets, key, { type: 'merge', body: parallel }));
    expect(cause).to.match(/^spec\.podManagementPolicy: Invalid value: .*: field is immutable$/);
  });

  it('count the templates of a daemon set', async () => {
    const made = await api.client.create(DaemonSets, { metadata: { name: 'd', namespace }, spec } as object);
    expect(made.metadata?.annotations).to.deep.equal({ 'deprecated.daemonset.template.generation': '1' });
    const body = { spec: { template: { spec: { hostNetwork: true } } } };
    const changed = await api.client.patch(DaemonSets, { namespace, name: 'd' }, { type: 'merge', body });
    expect(changed.metadata?.annotations).to.deep.equal({ 'deprecated.daemonset.template.generation': '2' });
  });
});
