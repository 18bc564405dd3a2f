import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podInfo } from '../../cache/pod-info.ts';
import type { WhatIfFilter } from '../../framework/plugin.ts';
import { fakeCluster, filterResults, node, pod, podAffinity, podAntiAffinity, scores } from '../../testing/index.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';

const zone = 'topology.kubernetes.io/zone';
const web = { app: 'web' };
const nodes = () => [node({ name: 'a', zone: 'z1' }), node({ name: 'b', zone: 'z1' }), node({ name: 'c', zone: 'z2' })];
const notAttracted = "unresolvable: node(s) didn't match pod affinity rules";
const repelled = "unschedulable: node(s) didn't match pod anti-affinity rules";
const repelledByOthers = "unschedulable: node(s) didn't satisfy existing pods anti-affinity rules";

const there = (more: object = {}) => pod({ labels: web, nodeName: 'a', ...more });

interface Case {
  readonly name: string;
  readonly pods: readonly Pod[];
  readonly pod: Pod;
  readonly expected: readonly [a: string, b: string, c: string];
}

const cases: readonly Case[] = [
  {
    name: 'anti-affinity by host',
    pods: [there()],
    pod: pod({ affinity: podAntiAffinity(web) }),
    expected: [repelled, 'ok', 'ok'],
  },
  {
    name: 'anti-affinity by zone',
    pods: [there()],
    pod: pod({ affinity: podAntiAffinity(web, zone) }),
    expected: [repelled, repelled, 'ok'],
  },
  {
    name: 'anti-affinity of one that is there',
    pods: [there({ affinity: podAntiAffinity({ app: 'db' }, zone) })],
    pod: pod({ labels: { app: 'db' } }),
    expected: [repelledByOthers, repelledByOthers, 'ok'],
  },
  {
    name: 'anti-affinity of one that is there to others',
    pods: [there({ affinity: podAntiAffinity({ app: 'db' }, zone) })],
    pod: pod({ labels: web }),
    expected: ['ok', 'ok', 'ok'],
  },
  {
    name: 'affinity by zone',
    pods: [there()],
    pod: pod({ affinity: podAffinity(web, zone) }),
    expected: ['ok', 'ok', notAttracted],
  },
  {
    name: 'affinity to nobody',
    pods: [],
    pod: pod({ affinity: podAffinity(web, zone) }),
    expected: [notAttracted, notAttracted, notAttracted],
  },
  {
    name: 'affinity of the first of a group to the group',
    pods: [],
    pod: pod({ labels: web, affinity: podAffinity(web, zone) }),
    expected: ['ok', 'ok', 'ok'],
  },
  {
    name: 'affinity of the second of a group to the group',
    pods: [there()],
    pod: pod({ labels: web, affinity: podAffinity(web, zone) }),
    expected: ['ok', 'ok', notAttracted],
  },
  {
    name: 'affinity by a label that nodes lack',
    pods: [there()],
    pod: pod({ labels: web, affinity: podAffinity(web, 'rack') }),
    expected: [notAttracted, notAttracted, notAttracted],
  },
  {
    name: 'pods of other namespaces',
    pods: [there({ namespace: 'other' })],
    pod: pod({ affinity: podAntiAffinity(web) }),
    expected: ['ok', 'ok', 'ok'],
  },
];

const withNamespaces = (namespaceSelector: object) => ({
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: web }, topologyKey: 'kubernetes.io/hostname', namespaceSelector },
    ],
  },
});

describe('InterPodAffinity', () => {
  for (const {
    name,
    pods,
    pod: wanted,
    expected: [a, b, c],
  } of cases) {
    it(name, () => {
      const cluster = fakeCluster(nodes(), pods);
      expect(filterResults(cluster, interPodAffinity(cluster), wanted)).to.deep.equal({ a, b, c });
    });
  }

  it('selects namespaces by their labels, as they are now', () => {
    const cluster = fakeCluster(nodes(), [there({ namespace: 'other' })]);
    const plugin = interPodAffinity(cluster);
    const wanted = pod({ affinity: withNamespaces({ matchLabels: { team: 'x' } }) });
    expect(filterResults(cluster, plugin, wanted).a).to.equal('ok');
    cluster.know('namespaces', { metadata: { name: 'other', labels: { team: 'x' } } });
    cluster.cache.counters.forgetNamespaceMatches();
    expect(filterResults(cluster, plugin, wanted).a).to.equal(repelled);
  });

  it('follows pods and nodes as they change', () => {
    const first = there({ name: 'p' });
    const cluster = fakeCluster(nodes(), [first]);
    const plugin = interPodAffinity(cluster);
    const wanted = pod({ affinity: podAntiAffinity(web, zone) });
    expect(filterResults(cluster, plugin, wanted).b).to.equal(repelled);
    cluster.cache.updateNode(node({ name: 'a', zone: 'z2' }));
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: repelled, b: 'ok', c: repelled });
    cluster.cache.putPod(there({ name: 'p', labels: { app: 'db' } }));
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: 'ok', b: 'ok', c: 'ok' });
    cluster.cache.putPod(first);
    cluster.cache.removePod(first.metadata?.uid ?? '');
    expect(filterResults(cluster, plugin, wanted)).to.deep.equal({ a: 'ok', b: 'ok', c: 'ok' });
  });

  it('can be asked what if a pod were gone, without changing anything', () => {
    const other = there({ affinity: podAntiAffinity({ app: 'db' }) });
    const cluster = fakeCluster(nodes(), [other]);
    const filter = interPodAffinity(cluster).filter?.(podInfo(pod({ labels: { app: 'db' } }))) as WhatIfFilter;
    const fork = filter.fork?.() as WhatIfFilter;
    const at = cluster.nodeInfo('a');
    fork.podMoved(podInfo(other), at, -1);
    expect(fork.check(at)).to.equal(undefined);
    expect(filter.check(at)?.code).to.equal('unschedulable');
    fork.podMoved(podInfo(other), at, 1);
    expect(fork.check(at)?.code).to.equal('unschedulable');
  });

  it('prefers where preferred company is and keeps away from what it would rather avoid', () => {
    const term = (weight: number, app: string) => ({
      weight,
      podAffinityTerm: { labelSelector: { matchLabels: { app } }, topologyKey: zone },
    });
    const cluster = fakeCluster(nodes(), [there(), pod({ labels: { app: 'noisy' }, nodeName: 'c' })]);
    const wanted = pod({
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term(10, 'web')] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term(5, 'noisy')] },
      },
    });
    expect(scores(cluster, interPodAffinity(cluster), wanted)).to.deep.equal({ a: 100, b: 100, c: 0 });
  });

  it('goes where those are that need it, and has nothing to say where nobody cares', () => {
    const needy = there({ affinity: podAffinity({ app: 'db' }, zone) });
    const cluster = fakeCluster(nodes(), [needy]);
    const plugin = interPodAffinity(cluster);
    expect(scores(cluster, plugin, pod({ labels: { app: 'db' } }))).to.deep.equal({ a: 100, b: 100, c: 0 });
    expect(scores(cluster, plugin, pod())).to.deep.equal({});
  });
});
