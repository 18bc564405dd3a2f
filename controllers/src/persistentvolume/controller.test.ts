import { expect } from 'chai';
import {
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  StorageClasses,
  VolumeAttributesClasses,
} from '@coracle/apimachinery/resources';
import type { PersistentVolumeClaimSpec, PersistentVolumeSpec } from '@coracle/apimachinery/types/core-v1';
import { namespace, startTestCluster, type TestCluster } from '../testing/index.ts';

const volume = (cluster: TestCluster, name: string, storage: string, more: Partial<PersistentVolumeSpec> = {}) =>
  cluster.create(PersistentVolumes, {
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data' },
      storageClassName: 'slow',
      persistentVolumeReclaimPolicy: 'Retain',
      ...more,
    },
  });
const claim = (cluster: TestCluster, name: string, storage: string, more: Partial<PersistentVolumeClaimSpec> = {}) =>
  cluster.create(PersistentVolumeClaims, {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, storageClassName: 'slow', ...more },
  });
const bound = (cluster: TestCluster, name: string) =>
  cluster.until(`${name} bound`, async () => {
    const found = await cluster.get(PersistentVolumeClaims, name);
    return found?.status?.phase === 'Bound' && found;
  });
const phase = async (cluster: TestCluster, name: string) => (await cluster.get(PersistentVolumes, name))?.status?.phase;

describe('persistent volume controller', () => {
  it('binds a claim to the smallest volume that will do, and releases it with the claim', async () => {
    await using cluster = await startTestCluster();
    await volume(cluster, 'large', '20Gi');
    await volume(cluster, 'medium', '10Gi');
    await volume(cluster, 'small', '1Gi');
    await cluster.until(
      'volumes available',
      async () => (await phase(cluster, 'small')) === 'Available' && (await phase(cluster, 'medium')) === 'Available',
    );
    await claim(cluster, 'data', '5Gi');
    const { spec, status } = await bound(cluster, 'data');
    expect(spec?.volumeName).to.equal('medium');
    expect(status?.capacity).to.deep.equal({ storage: '10Gi' });
    expect(await phase(cluster, 'medium')).to.equal('Bound');
    await cluster.client.delete(PersistentVolumeClaims, { namespace, name: 'data' });
    await cluster.until('the volume released', async () => (await phase(cluster, 'medium')) === 'Released');
  });

  it('leaves a claim pending without a volume and binds it when one comes', async () => {
    await using cluster = await startTestCluster();
    await claim(cluster, 'data', '1Gi', { storageClassName: '' });
    await cluster.until(
      'it pending',
      async () => (await cluster.get(PersistentVolumeClaims, 'data'))?.status?.phase === 'Pending',
    );
    await volume(cluster, 'late', '1Gi', { storageClassName: '' });
    await bound(cluster, 'data');
  });

  it('provisions a directory on the node that the scheduler chose, and deletes it with the claim', async () => {
    await using cluster = await startTestCluster({ nodes: ['a', 'b'] });
    await cluster.create(StorageClasses, {
      metadata: { name: 'local' },
      provisioner: 'cloud.coracle.dev/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    });
    const created = await claim(cluster, 'data', '1Gi', { storageClassName: 'local' });
    await cluster.clock.advance(1000);
    expect(await cluster.list(PersistentVolumes)).to.deep.equal([]);
    const annotations = { 'volume.kubernetes.io/selected-node': 'b' };
    await cluster.client.patch(
      PersistentVolumeClaims,
      { namespace, name: 'data' },
      { type: 'merge', body: { metadata: { annotations } } },
    );
    await bound(cluster, 'data');
    const [made] = await cluster.list(PersistentVolumes);
    expect(made?.metadata?.name).to.equal(`pvc-${created.metadata?.uid}`);
    expect(made?.spec?.hostPath).to.deep.equal({
      path: `/var/lib/coracle/volumes/${made?.metadata?.name}_test_data`,
      type: 'DirectoryOrCreate',
    });
    expect(made?.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values).to.deep.equal([
      'b',
    ]);
    await cluster.client.delete(PersistentVolumeClaims, { namespace, name: 'data' });
    await cluster.until('the volume gone', async () => (await cluster.list(PersistentVolumes)).length === 0);
  });

  it('keeps a claim in use until its pod is gone', async () => {
    await using cluster = await startTestCluster({ nodes: ['a'] });
    await claim(cluster, 'data', '1Gi');
    await cluster.until('it protected', async () =>
      (await cluster.get(PersistentVolumeClaims, 'data'))?.metadata?.finalizers?.includes(
        'kubernetes.io/pvc-protection',
      ),
    );
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await cluster.create(Pods, {
      metadata: { name: 'user' },
      spec: { containers: [{ name: 'main', image: 'image' }], volumes },
    });
    await cluster.until('the pod scheduled', async () => (await cluster.get(Pods, 'user'))?.spec?.nodeName);
    await cluster.client.delete(PersistentVolumeClaims, { namespace, name: 'data' });
    await cluster.clock.advance(1000);
    expect((await cluster.get(PersistentVolumeClaims, 'data'))?.metadata).to.have.property('deletionTimestamp');
    await cluster.client.delete(Pods, { namespace, name: 'user' });
    await cluster.until('the claim gone', async () => !(await cluster.get(PersistentVolumeClaims, 'data')));
  });

  it('makes and owns the claims of ephemeral volumes', async () => {
    await using cluster = await startTestCluster({ nodes: ['a'] });
    const volumeClaimTemplate = {
      metadata: { labels: { kind: 'scratch' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    await cluster.create(Pods, {
      metadata: { name: 'user' },
      spec: {
        containers: [{ name: 'main', image: 'image' }],
        volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }],
      },
    });
    const made = await cluster.until('the claim', () => cluster.get(PersistentVolumeClaims, 'user-scratch'));
    expect(made.metadata?.ownerReferences?.[0]).to.include({ kind: 'Pod', name: 'user', controller: true });
    await cluster.client.delete(Pods, { namespace, name: 'user' });
    await cluster.until('the claim gone', async () => !(await cluster.get(PersistentVolumeClaims, 'user-scratch')));
  });

  it('keeps a class of volume attributes while a claim names it', async () => {
    await using cluster = await startTestCluster();
    await cluster.create(VolumeAttributesClasses, {
      metadata: { name: 'fast' },
      driverName: 'test',
      parameters: { iops: '1' },
    });
    await claim(cluster, 'data', '1Gi', { volumeAttributesClassName: 'fast' });
    await cluster.until(
      'it protected',
      async () => (await cluster.get(VolumeAttributesClasses, 'fast'))?.metadata?.finalizers,
    );
    await cluster.client.delete(VolumeAttributesClasses, { name: 'fast' });
    await cluster.clock.advance(1000);
    expect(await cluster.get(VolumeAttributesClasses, 'fast')).not.to.equal(undefined);
    await cluster.client.delete(PersistentVolumeClaims, { namespace, name: 'data' });
    await cluster.until('the class gone', async () => !(await cluster.get(VolumeAttributesClasses, 'fast')));
  });
});
