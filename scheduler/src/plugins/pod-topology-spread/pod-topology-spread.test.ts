import type { Pod, TopologySpreadConstraint } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podInfo } from '../../cache/pod-info.ts';
import type { WhatIfFilter } from '../../framework/plugin.ts';
import { fakeCluster, filterResults, node, pod, scores } from '../../testing/index.ts';
import { podTopologySpread } from './pod-topology-spread.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const web = { app: 'web' };
const uneven = "unschedulable: node(s) didn't match pod topology spread constraints";
const missing = "unresolvable: node(s) didn't match pod topology spread constraints (missing required label)";

const nodes = () => [node({ name: 'a', zone: 'z1' }), node({ name: 'b', zone: 'z1' }), node({ name: 'c', zone: 'z2' })];
const on = (nodeName: string, more: object = {}) => pod({ labels: web, nodeName, ...more });
const constraint = (more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint => ({
  topologyKey: zone,
  maxSkew: 1,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: web },
  ...more,
});
const spread = (...constraints: TopologySpreadConstraint[]) =>
  pod({ labels: web, topologySpreadConstraints: constraints });

interface Case {
  readonly name: string;
  readonly pods: readonly Pod[];
  readonly pod: Pod;
  readonly expected: Record<string, string>;
}

const cases: readonly Case[] = [
  {
    name: 'anywhere while all are empty',
    pods: [],
    pod: spread(constraint()),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'not where there is one more than elsewhere',
    pods: [on('a')],
    pod: spread(constraint()),
    expected: { a: uneven, b: uneven, c: 'ok' },
  },
  {
    name: 'a greater skew allows more',
    pods: [on('a')],
    pod: spread(constraint({ maxSkew: 2 })),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'a pod that does not count itself',
    pods: [on('a')],
    pod: pod({ topologySpreadConstraints: [constraint()] }),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'pods that end, and those of other namespaces, do not count',
    pods: [on('a', { deletionTimestamp: '2026-01-01T00:00:00Z' }), on('a', { namespace: 'other' })],
    pod: spread(constraint()),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'by host and by zone at once',
    pods: [on('a'), on('c')],
    pod: spread(constraint(), constraint({ topologyKey: hostname })),
    expected: { a: uneven, b: 'ok', c: uneven },
  },
  {
    name: 'a node without the label is none',
    pods: [],
    pod: spread(constraint({ topologyKey: 'rack' })),
    expected: { a: missing, b: missing, c: missing },
  },
  {
    name: 'fewer domains than wanted: the emptiest is thought empty',
    pods: [on('a'), on('c')],
    pod: spread(constraint({ minDomains: 3 })),
    expected: { a: uneven, b: uneven, c: uneven },
  },
  {
    name: 'labels that vary between pods may be part of the selector',
    pods: [on('a', { labels: { ...web, version: '1' } })],
    pod: pod({
      labels: { ...web, version: '2' },
      topologySpreadConstraints: [constraint({ matchLabelKeys: ['version'] })],
    }),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'nodes that the pod cannot go to are no domains',
    pods: [on('a')],
    pod: pod({ labels: web, nodeSelector: { [zone]: 'z1' }, topologySpreadConstraints: [constraint()] }),
    expected: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'unless it is told to ignore that',
    pods: [on('a')],
    pod: pod({
      labels: web,
      nodeSelector: { [zone]: 'z1' },
      topologySpreadConstraints: [constraint({ nodeAffinityPolicy: 'Ignore' })],
    }),
    expected: { a: uneven, b: uneven, c: 'ok' },
  },
];

describe('PodTopologySpread', () => {
  for (const { name, pods, pod: wanted, expected } of cases) {
    it(name, () => {
      const cluster = fakeCluster(nodes(), pods);
      expect(filterResults(cluster, podTopologySpread(cluster), wanted)).to.deep.equal(expected);
    });
  }

  it('leaves tainted nodes out where it is told to', () => {
    const tainted = node({ name: 'd', zone: 'z3', taints: [{ key: 'x', effect: 'NoSchedule' }] });
    const cluster = fakeCluster([...nodes(), tainted], [on('a'), on('c')]);
    const plugin = podTopologySpread(cluster);
    const results = (policy: string) =>
      filterResults(cluster, plugin, spread(constraint({ nodeTaintsPolicy: policy })));
    expect(results('Ignore').a).to.equal(uneven);
    expect(results('Honor').a).to.equal('ok');
  });

  it('counts nodes that lack one of the labels in no domain', () => {
    const cluster = fakeCluster([...nodes(), node({ name: 'd', zone: 'z3', labels: { rack: 'r' } })], [on('a')]);
    const plugin = podTopologySpread(cluster);
    const wanted = spread(
      constraint(),
      constraint({ topologyKey: 'rack', labelSelector: { matchLabels: { none: 'x' } } }),
    );
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: missing, b: missing, c: missing, d: 'ok' });
  });

  it('can be asked what if pods moved', () => {
    const first = on('a');
    const cluster = fakeCluster(nodes(), [first]);
    const filter = podTopologySpread(cluster).filter?.(podInfo(spread(constraint()))) as WhatIfFilter;
    const fork = filter.fork?.() as WhatIfFilter;
    fork.podMoved(podInfo(first), cluster.nodeInfo('a'), -1);
    expect(fork.check(cluster.nodeInfo('b'))).to.equal(undefined);
    fork.podMoved(podInfo(on('c')), cluster.nodeInfo('c'), 1);
    expect(fork.check(cluster.nodeInfo('c'))?.code).to.equal('unschedulable');
    expect(filter.check(cluster.nodeInfo('b'))?.code).to.equal('unschedulable');
  });

  it('prefers the emptier domains', () => {
    const cluster = fakeCluster(nodes(), [on('a'), on('a'), on('c')]);
    const wanted = spread(constraint({ whenUnsatisfiable: 'ScheduleAnyway' }));
    const result = scores(cluster, podTopologySpread(cluster), wanted);
    expect(result.a).to.equal(result.b);
    expect(result.c).to.be.greaterThan(result.a ?? 0);
  });

  it('spreads what a service or a controller keeps together, without being told', () => {
    const cluster = fakeCluster(nodes(), [on('a'), on('a'), on('a')]);
    const plugin = podTopologySpread(cluster);
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs' };
    const wanted = pod({ labels: web, owner });
    expect(scores(cluster, plugin, wanted)).to.deep.equal({});
    cluster.know('replicaSets', {
      metadata: { name: 'rs', namespace: 'default' },
      spec: { selector: { matchLabels: web } },
    } as object);
    const byOwner = scores(cluster, plugin, wanted);
    expect([byOwner.c, byOwner.a]).to.deep.equal([100, Math.min(...Object.values(byOwner))]);
    const byService = fakeCluster(nodes(), [on('a')]);
    byService.know('services', { metadata: { name: 's', namespace: 'default' }, spec: { selector: web } } as object);
    expect(scores(byService, podTopologySpread(byService), pod({ labels: web })).c).to.equal(100);
  });
});
