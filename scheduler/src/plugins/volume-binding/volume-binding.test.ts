import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import { expect } from 'chai';
import { fakeCluster, filterResults, node, pod, scores, startTestScheduler } from '../../testing/index.ts';
import { volumeBinding } from './volume-binding.ts';

const delayed: StorageClass = {
  metadata: { name: 'local' },
  provisioner: 'example.com/disk',
  volumeBindingMode: 'WaitForFirstConsumer',
};
const noProvisioner: StorageClass = { ...delayed, provisioner: 'kubernetes.io/no-provisioner' };
const immediate: StorageClass = { ...delayed, metadata: { name: 'now' }, volumeBindingMode: 'Immediate' };

const claim = (
  more: { name?: string; className?: string; volume?: string; size?: string } = {},
): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: more.name ?? 'data',
    namespace: 'default',
    uid: `uid-of-${more.name ?? 'data'}`,
    ...(more.volume ? { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } } : {}),
  },
  spec: {
    storageClassName: more.className ?? 'local',
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: more.size ?? '1Gi' } },
    ...(more.volume ? { volumeName: more.volume } : {}),
  },
});

const onNode = (...values: string[]) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }] },
});
const volume = (name: string, nodeName: string, more: { size?: string; phase?: string } = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    storageClassName: 'local',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: more.size ?? '1Gi' },
    nodeAffinity: onNode(nodeName),
  },
  status: { phase: more.phase ?? 'Available' },
});
const withClaims = (...names: string[]) =>
  pod({
    name: 'p',
    volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
  });
const nodes = () => [node({ name: 'a' }), node({ name: 'b' })];

const affinity = "unresolvable: node(s) didn't match PersistentVolume's node affinity";
const nothingToBind = "unresolvable: node(s) didn't find available persistent volumes to bind";

interface Case {
  readonly name: string;
  readonly claims: readonly PersistentVolumeClaim[];
  readonly volumes?: readonly PersistentVolume[];
  readonly classes?: readonly StorageClass[];
  readonly expected: Record<string, string>;
}

const cases: readonly Case[] = [
  {
    name: 'a claim that is not there',
    claims: [],
    expected: { '*': 'unresolvable: persistentvolumeclaim "data" not found' },
  },
  {
    name: 'a claim that should have a volume by now',
    claims: [claim({ className: 'now' })],
    classes: [immediate],
    expected: { '*': 'unresolvable: pod has unbound immediate PersistentVolumeClaims' },
  },
  {
    name: 'a claim that is being deleted',
    claims: [{ ...claim(), metadata: { ...claim().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }],
    expected: { '*': 'unresolvable: persistentvolumeclaim "data" is being deleted' },
  },
  {
    name: 'a claim whose volume is on one node',
    claims: [claim({ volume: 'v' })],
    volumes: [volume('v', 'a', { phase: 'Bound' })],
    expected: { a: 'ok', b: affinity },
  },
  {
    name: 'a claim whose volume is gone',
    claims: [claim({ volume: 'v' })],
    expected: {
      a: 'unresolvable: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
      b: 'unresolvable: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
    },
  },
  {
    name: 'a claim that waits, with a free volume on one node',
    claims: [claim()],
    volumes: [volume('v', 'b')],
    classes: [noProvisioner],
    expected: { a: nothingToBind, b: 'ok' },
  },
  {
    name: 'a claim that waits, with volumes too small or taken',
    claims: [claim({ size: '5Gi' })],
    volumes: [volume('small', 'a'), volume('taken', 'b', { size: '9Gi', phase: 'Bound' })],
    classes: [noProvisioner],
    expected: { a: nothingToBind, b: nothingToBind },
  },
  {
    name: 'a claim that waits, and can have a volume made anywhere',
    claims: [claim()],
    classes: [delayed],
    expected: { a: 'ok', b: 'ok' },
  },
  {
    name: 'a claim that waits, and can have a volume made on some nodes',
    claims: [claim()],
    classes: [
      {
        ...delayed,
        allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['b'] }] }],
      },
    ],
    expected: { a: nothingToBind, b: 'ok' },
  },
  {
    name: 'a claim that waits for another node already',
    claims: [
      { ...claim(), metadata: { ...claim().metadata, annotations: { 'volume.kubernetes.io/selected-node': 'b' } } },
    ],
    classes: [delayed],
    expected: { a: nothingToBind, b: 'ok' },
  },
];

describe('VolumeBinding', () => {
  for (const { name, claims, volumes = [], classes = [], expected } of cases) {
    it(name, () => {
      const cluster = fakeCluster(nodes());
      cluster.know('persistentVolumeClaims', ...claims);
      cluster.know('persistentVolumes', ...volumes);
      cluster.know('storageClasses', ...classes);
      expect(filterResults(cluster, volumeBinding(cluster), withClaims('data'))).to.deep.equal(expected);
    });
  }

  it('gives two claims two volumes', () => {
    const cluster = fakeCluster(nodes());
    cluster.know('persistentVolumeClaims', claim(), claim({ name: 'more' }));
    cluster.know('persistentVolumes', volume('v1', 'a'), volume('v2', 'b'), volume('v3', 'b'));
    cluster.know('storageClasses', noProvisioner);
    const results = filterResults(cluster, volumeBinding(cluster), withClaims('data', 'more'));
    expect(results).to.deep.equal({ a: nothingToBind, b: 'ok' });
  });

  it('looks for room where the driver says how much there is, and prefers more of it', () => {
    const cluster = fakeCluster(nodes());
    const room = (name: string, capacity: string) => ({
      metadata: { name, namespace: 'kube-system' },
      storageClassName: 'local',
      capacity,
      nodeTopology: { matchLabels: { 'kubernetes.io/hostname': name } },
    });
    cluster.know('persistentVolumeClaims', claim({ size: '2Gi' }));
    cluster.know('storageClasses', delayed);
    cluster.know('csiDrivers', { metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } } as object);
    cluster.know('csiStorageCapacities', room('a', '1Gi'), room('b', '8Gi'));
    const plugin = volumeBinding(cluster);
    const wanted = withClaims('data');
    const noRoom = 'unresolvable: node(s) did not have enough free storage';
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: noRoom, b: 'ok' });
    expect(scores(cluster, plugin, wanted)).to.deep.equal({ a: 0, b: 75 });
  });

  it('tells the provisioner the node, and binds the pod when the volume is there', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'a' })]);
    const { api } = scheduler;
    api.put('storageclasses.storage.k8s.io', delayed);
    api.put('persistentvolumeclaims', claim());
    await scheduler.schedule(withClaims('data'));
    expect(scheduler.nodeOf('p')).to.equal(undefined);
    expect(api.get<Pod>('pods', 'p', 'default')?.status?.nominatedNodeName).to.equal('a');
    const written = api.get<PersistentVolumeClaim>('persistentvolumeclaims', 'data', 'default');
    expect(written?.metadata?.annotations).to.deep.equal({ 'volume.kubernetes.io/selected-node': 'a' });

    api.put('persistentvolumes', volume('v', 'a', { phase: 'Bound' }));
    const annotations = { ...written?.metadata?.annotations, 'pv.kubernetes.io/bind-completed': 'yes' };
    api.put('persistentvolumeclaims', {
      ...written,
      metadata: { ...written?.metadata, annotations },
      spec: { ...written?.spec, volumeName: 'v' },
    });
    await scheduler.schedule();
    expect(scheduler.nodeOf('p')).to.equal('a');
  });

  it('reserves a volume for a claim, so that the next pod does not get it', async () => {
    await using scheduler = await startTestScheduler(nodes());
    const { api } = scheduler;
    api.put('storageclasses.storage.k8s.io', noProvisioner);
    api.put('persistentvolumes', volume('v1', 'a'));
    api.put('persistentvolumes', volume('v2', 'b'));
    api.put('persistentvolumeclaims', claim({ name: 'one' }));
    api.put('persistentvolumeclaims', claim({ name: 'two' }));
    const first = { ...withClaims('one'), metadata: { ...withClaims('one').metadata, name: 'p1', uid: 'u1' } };
    const second = { ...withClaims('two'), metadata: { ...withClaims('two').metadata, name: 'p2', uid: 'u2' } };
    await scheduler.schedule(first, second);
    const owners = api.list<PersistentVolume>('persistentvolumes').map(({ spec }) => spec?.claimRef?.name);
    expect(owners.sort()).to.deep.equal(['one', 'two']);
  });

  it('gives up after ten minutes and tries again', async () => {
    await using scheduler = await startTestScheduler([node({ name: 'a' })]);
    scheduler.api.put('storageclasses.storage.k8s.io', delayed);
    scheduler.api.put('persistentvolumeclaims', claim());
    await scheduler.schedule(withClaims('data'));
    await scheduler.clock.advance(600_000);
    expect(scheduler.condition('p')).to.deep.include({
      reason: 'SchedulerError',
      message: 'binding volumes: context deadline exceeded',
    });
  });
});
