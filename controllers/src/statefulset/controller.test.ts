import { expect } from 'chai';
import { ControllerRevisions, PersistentVolumeClaims, Pods, StatefulSets } from '@coracle/apimachinery/resources';
import type { StatefulSet } from '@coracle/apimachinery/types/apps-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'db' } },
  spec: { containers: [{ name: 'main', image }] },
});

const create = (cluster: TestCluster, spec: Partial<StatefulSet['spec']> = {}) =>
  cluster.create(StatefulSets, {
    metadata: { name: 'db' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: template('one'),
      ...spec,
    },
  });
const patch = (cluster: TestCluster, spec: object) =>
  cluster.client.patch(StatefulSets, { namespace, name: 'db' }, { type: 'merge', body: { spec } });
const images = async (cluster: TestCluster) =>
  Object.fromEntries((await cluster.list(Pods)).map((pod) => [pod.metadata?.name, pod.spec?.containers[0]?.image]));
const ready = (cluster: TestCluster, count: number) =>
  cluster.until(`${count} ready replicas`, async () => {
    const set = await cluster.get(StatefulSets, 'db');
    return set?.status?.readyReplicas === count && set.status.replicas === count && set;
  });

describe('stateful set controller', () => {
  it('starts pods one after the other, each once the one before is ready', async () => {
    let seen: string[] = [];
    await using cluster = await startTestCluster({
      kubelet: ({ metadata }) => {
        const name = metadata?.name ?? '';
        if (!seen.includes(name)) seen = [...seen, name];
        return name === 'db-1' ? 'running' : 'ready';
      },
    });
    await create(cluster);
    await cluster.until('a second pod', async () => (await cluster.list(Pods)).length === 2);
    await cluster.clock.advance(10_000);
    expect(seen).to.deep.equal(['db-0', 'db-1']);
    const [pod] = await cluster.list(Pods);
    expect(pod?.metadata?.labels).to.include({
      'statefulset.kubernetes.io/pod-name': 'db-0',
      'apps.kubernetes.io/pod-index': '0',
    });
    expect(pod?.spec).to.include({ hostname: 'db-0', subdomain: 'db' });
  });

  it('updates from the highest ordinal down to the partition, and completes when that moves', async () => {
    await using cluster = await startTestCluster();
    await create(cluster, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    const before = await ready(cluster, 3);
    await patch(cluster, { template: template('two') });
    await cluster.until('the highest pod updated', async () => (await images(cluster))['db-2'] === 'two');
    const partly = await ready(cluster, 3);
    expect(await images(cluster)).to.deep.equal({ 'db-0': 'one', 'db-1': 'one', 'db-2': 'two' });
    expect(partly.status?.currentRevision).to.equal(before.status?.currentRevision);
    expect(partly.status?.updateRevision).not.to.equal(before.status?.updateRevision);

    const first = await cluster.get(Pods, 'db-0');
    await cluster.client.delete(Pods, { namespace, name: 'db-0' });
    await cluster.until('the old pod back as it was', async () => {
      const pod = await cluster.get(Pods, 'db-0');
      return pod?.metadata?.uid !== first?.metadata?.uid && pod?.status?.phase === 'Running';
    });
    expect((await images(cluster))['db-0']).to.equal('one');

    await patch(cluster, { updateStrategy: { rollingUpdate: { partition: 0 } } });
    await cluster.until(
      'all updated',
      async () => Object.values(await images(cluster)).filter((image) => image === 'two').length === 3,
    );
    const done = await cluster.until('the revision to become current', async () => {
      const set = await cluster.get(StatefulSets, 'db');
      return set?.status?.currentRevision === set?.status?.updateRevision && set;
    });
    expect(done.status).to.include({ currentReplicas: 3, updatedReplicas: 3 });
    expect((await cluster.list(ControllerRevisions)).map(({ revision }) => revision).sort()).to.deep.equal([1, 2]);
  });

  it('scales down from the end', async () => {
    await using cluster = await startTestCluster();
    await create(cluster);
    await ready(cluster, 3);
    await patch(cluster, { replicas: 1 });
    await ready(cluster, 1);
    expect(Object.keys(await images(cluster))).to.deep.equal(['db-0']);
  });

  it('starts all at once when parallel, from the first ordinal', async () => {
    await using cluster = await startTestCluster({ kubelet: () => 'running' });
    await create(cluster, { podManagementPolicy: 'Parallel', ordinals: { start: 5 } });
    await cluster.until('three pods', async () => (await cluster.list(Pods)).length === 3);
    expect(Object.keys(await images(cluster)).sort()).to.deep.equal(['db-5', 'db-6', 'db-7']);
  });

  it('replaces a pod that failed', async () => {
    let failed = false;
    await using cluster = await startTestCluster({
      kubelet: () => {
        if (failed) return 'ready';
        failed = true;
        return 'running';
      },
    });
    await create(cluster, { replicas: 1 });
    const first = await cluster.until('the pod', () => cluster.get(Pods, 'db-0'));
    await cluster.client.patch(
      Pods,
      { namespace, name: 'db-0' },
      { type: 'merge', body: { status: { phase: 'Failed' } } },
      { subresource: 'status' },
    );
    await cluster.until('another pod of the name', async () => {
      const pod = await cluster.get(Pods, 'db-0');
      return pod !== undefined && pod.metadata?.uid !== first.metadata?.uid;
    });
  });

  it('makes a claim per pod and ties it to the set or the pod as the policy says', async () => {
    await using cluster = await startTestCluster();
    const volumeClaimTemplates = [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ];
    await create(cluster, {
      replicas: 2,
      volumeClaimTemplates,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    });
    const set = await ready(cluster, 2);
    const owners = async () =>
      Object.fromEntries(
        (await cluster.list(PersistentVolumeClaims)).map(({ metadata }) => [
          metadata?.name,
          metadata?.ownerReferences?.[0]?.kind,
        ]),
      );
    await cluster.until('claims owned by the set', async () => {
      const now = await owners();
      return now['data-db-0'] === 'StatefulSet' && now['data-db-1'] === 'StatefulSet';
    });
    expect((await cluster.list(Pods))[0]?.spec?.volumes?.[0]).to.deep.include({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-db-0' },
    });
    await patch(cluster, { replicas: 1 });
    await cluster.until('the second claim gone with its pod', async () => !('data-db-1' in (await owners())));
    expect(set.metadata?.name).to.equal('db');
  });
});
