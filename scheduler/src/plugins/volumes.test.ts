import type { PersistentVolumeClaim, Pod, Volume } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podInfo } from '../cache/pod-info.ts';
import type { WhatIfFilter } from '../framework/plugin.ts';
import { fakeCluster, filterResults, node, pod } from '../testing/index.ts';
import { nodeVolumeLimits } from './node-volume-limits/node-volume-limits.ts';
import { volumeRestrictions } from './volume-restrictions/volume-restrictions.ts';
import { volumeZone } from './volume-zone/volume-zone.ts';

const zone = 'topology.kubernetes.io/zone';
const claim = (name: string, spec: PersistentVolumeClaim['spec'] = {}): PersistentVolumeClaim => ({
  metadata: { name, namespace: 'default' },
  spec,
});
const using = (claimName: string, more: object = {}): Pod =>
  pod({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }], ...more });

describe('VolumeRestrictions', () => {
  const noDisk = 'unschedulable: node(s) had no available disk';
  const ebs = (volumeID: string): Volume => ({ name: 'd', awsElasticBlockStore: { volumeID } });
  const gce = (readOnly: boolean): Volume => ({ name: 'd', gcePersistentDisk: { pdName: 'disk', readOnly } });
  const disks: readonly [name: string, there: Volume, wanted: Volume, expected: string][] = [
    ['the same disk', ebs('vol-1'), ebs('vol-1'), noDisk],
    ['another disk', ebs('vol-1'), ebs('vol-2'), 'ok'],
    ['a disk that one writes', gce(true), gce(false), noDisk],
    ['a disk that both only read', gce(true), gce(true), 'ok'],
  ];
  for (const [name, there, wanted, expected] of disks) {
    it(name, () => {
      const cluster = fakeCluster([node({ name: 'n' })], [pod({ nodeName: 'n', volumes: [there] })]);
      const results = filterResults(cluster, volumeRestrictions(cluster), pod({ volumes: [wanted] }));
      expect(results).to.deep.equal({ n: expected });
    });
  }

  it('lets one pod at a time use a ReadWriteOncePod claim, wherever it is', () => {
    const user = using('c', { nodeName: 'a' });
    const cluster = fakeCluster([node({ name: 'a' }), node({ name: 'b' })], [user]);
    cluster.know('persistentVolumeClaims', claim('c', { accessModes: ['ReadWriteOncePod'] }));
    const plugin = volumeRestrictions(cluster);
    const wanted = using('c');
    const inUse =
      'unschedulable: node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: inUse, b: inUse });
    const filter = plugin.filter?.(podInfo(wanted)) as WhatIfFilter;
    const fork = filter.fork?.() as WhatIfFilter;
    fork.podMoved(podInfo(user), cluster.nodeInfo('a'), -1);
    expect(fork.check(cluster.nodeInfo('a'))).to.equal(undefined);
    cluster.cache.removePod(user.metadata?.uid ?? '');
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: 'ok', b: 'ok' });
  });
});

describe('VolumeZone', () => {
  const nodes = [node({ name: 'a', zone: 'z1' }), node({ name: 'b', zone: 'z2' }), node({ name: 'c' })];
  const elsewhere = 'unresolvable: node(s) had no available volume zone';

  it('keeps a pod where its volume is, and does not mind nodes without a zone', () => {
    const cluster = fakeCluster(nodes);
    cluster.know('persistentVolumeClaims', claim('c', { volumeName: 'v' }));
    cluster.know('persistentVolumes', { metadata: { name: 'v', labels: { [zone]: 'z2__z3' } } });
    const results = filterResults(cluster, volumeZone(cluster), using('c'));
    expect(results).to.deep.equal({ a: elsewhere, b: 'ok', c: 'ok' });
  });

  it('says what is wrong with a claim', () => {
    const cluster = fakeCluster(nodes);
    const plugin = volumeZone(cluster);
    const objection = () => filterResults(cluster, plugin, using('c'))['*'];
    expect(objection()).to.equal('unresolvable: persistentvolumeclaim "c" not found');
    cluster.know('persistentVolumeClaims', claim('c', { storageClassName: 's' }));
    expect(objection()).to.equal('unresolvable: storageclass.storage.k8s.io "s" not found');
    cluster.know('storageClasses', { metadata: { name: 's' }, volumeBindingMode: 'Immediate' } as object);
    expect(objection()).to.equal('unresolvable: PersistentVolume had no name');
  });
});

describe('NodeVolumeLimits', () => {
  const volume = (name: string) => ({
    metadata: { name },
    spec: { csi: { driver: 'disk.example.com', volumeHandle: name } },
  });
  const limit = (count: number) => ({
    metadata: { name: 'n' },
    spec: { drivers: [{ name: 'disk.example.com', nodeID: 'n', allocatable: { count } }] },
  });
  const setUp = (count: number) => {
    const cluster = fakeCluster([node({ name: 'n' })], [using('one', { nodeName: 'n' })]);
    cluster.know('csiNodes', limit(count) as object);
    cluster.know('persistentVolumes', volume('v1'), volume('v2'));
    cluster.know('persistentVolumeClaims', claim('one', { volumeName: 'v1' }), claim('two', { volumeName: 'v2' }));
    cluster.know('persistentVolumeClaims', claim('same', { volumeName: 'v1' }));
    return (claimName: string) => filterResults(cluster, nodeVolumeLimits(cluster), using(claimName)).n;
  };

  it('attaches no more volumes than the driver allows, each of them once', () => {
    const resultFor = setUp(1);
    expect(resultFor('two')).to.equal('unschedulable: node(s) exceed max volume count');
    expect(resultFor('same')).to.equal('ok');
    expect(setUp(2)('two')).to.equal('ok');
  });

  it('counts a claim without a volume by its class, and what is attached without a pod', () => {
    const cluster = fakeCluster([node({ name: 'n' })]);
    cluster.know('csiNodes', limit(1) as object);
    cluster.know('storageClasses', { metadata: { name: 's' }, provisioner: 'disk.example.com' } as object);
    cluster.know('persistentVolumeClaims', claim('new', { storageClassName: 's' }));
    cluster.know('persistentVolumes', volume('v1'));
    const plugin = nodeVolumeLimits(cluster);
    expect(filterResults(cluster, plugin, using('new')).n).to.equal('ok');
    cluster.know('volumeAttachments', {
      metadata: { name: 'va' },
      spec: { nodeName: 'n', attacher: 'disk.example.com', source: { persistentVolumeName: 'v1' } },
    } as object);
    expect(filterResults(cluster, plugin, using('new')).n).to.equal('unschedulable: node(s) exceed max volume count');
  });
});
