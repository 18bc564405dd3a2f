import { selectorOf } from '@coracle/apimachinery/selectors';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import fc from 'fast-check';
import { node, pod, podAntiAffinity } from '../testing/builders.ts';
import { ClusterCache } from './cluster-cache.ts';
import type { PodMatcher } from './pod-counter.ts';
import { podInfo } from './pod-info.ts';

const zone = 'topology.kubernetes.io/zone';
const webSelector = selectorOf({ matchLabels: { app: 'web' } });
const webPods: PodMatcher = {
  id: 'web',
  namespace: 'default',
  looksAtNamespaceLabels: false,
  matches: (info) => info.namespace === 'default' && !info.isTerminating && webSelector.matches(info.labels),
};

type Step =
  | { readonly type: 'node'; readonly name: string; readonly zone: string | undefined; readonly cpu: string }
  | { readonly type: 'no-node'; readonly name: string }
  | {
      readonly type: 'pod' | 'assume';
      readonly name: string;
      readonly node: string;
      readonly app: string;
      readonly ends: boolean;
    }
  | { readonly type: 'forget' | 'no-pod'; readonly name: string };

const nodeName = fc.constantFrom('a', 'b', 'c');
const podName = fc.constantFrom('p', 'q', 'r', 's');
const app = fc.constantFrom('web', 'db');
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('node' as const),
    name: nodeName,
    zone: fc.constantFrom('z1', 'z2', undefined),
    cpu: fc.constantFrom('2', '4'),
  }),
  fc.record({ type: fc.constant('no-node' as const), name: nodeName }),
  fc.record({
    type: fc.constantFrom('pod' as const, 'assume' as const),
    name: podName,
    node: nodeName,
    app,
    ends: fc.boolean(),
  }),
  fc.record({ type: fc.constantFrom('forget' as const, 'no-pod' as const), name: podName }),
);

/** What the cache should know, kept in the plainest way. */
interface Model {
  readonly nodes: Map<string, Node>;
  readonly pods: Map<string, { readonly pod: Pod; readonly isAssumed: boolean }>;
}

let version = 0;

function apply(step: Step, cache: ClusterCache, model: Model): void {
  switch (step.type) {
    case 'node': {
      const made = node({ name: step.name, cpu: step.cpu, ...(step.zone ? { zone: step.zone } : {}) });
      cache.updateNode(made);
      model.nodes.set(step.name, made);
      break;
    }
    case 'no-node':
      cache.removeNode(step.name);
      model.nodes.delete(step.name);
      break;
    case 'pod':
    case 'assume': {
      const wish = {
        name: step.name,
        cpu: '1',
        labels: { app: step.app },
        affinity: podAntiAffinity({ app: step.app }, zone),
      };
      const ending = step.ends ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
      const made = pod({ ...wish, ...ending, nodeName: step.node });
      const versioned = { ...made, metadata: { ...made.metadata, generation: ++version } };
      const uid = made.metadata?.uid ?? '';
      if (step.type === 'assume') {
        if (model.pods.has(uid)) return;
        cache.assume(podInfo(versioned), step.node);
      } else {
        cache.putPod(versioned);
      }
      model.pods.set(uid, { pod: versioned, isAssumed: step.type === 'assume' });
      break;
    }
    case 'forget':
    case 'no-pod': {
      const uid = `uid-of-${step.name}`;
      if (step.type === 'forget') cache.forget(uid);
      else cache.removePod(uid);
      if (step.type === 'no-pod' || model.pods.get(uid)?.isAssumed) model.pods.delete(uid);
    }
  }
}

function countBy<T>(items: Iterable<T>, key: (item: T) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const value = key(item);
    if (value !== undefined) counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

/** The counts of the cache, as they should be after counting everything anew. */
function recount({ nodes, pods }: Model) {
  const all = [...pods.values()].map((entry) => entry.pod);
  const zoneOf = ({ spec }: Pod) => nodes.get(spec?.nodeName ?? '')?.metadata?.labels?.[zone];
  const web = all.filter((each) => webPods.matches(podInfo(each)));
  const cpus = Object.fromEntries(
    [...nodes.keys()].map((name) => [name, all.filter(({ spec }) => spec?.nodeName === name).length * 1000]),
  );
  return {
    nodes: [...nodes.keys()].sort(),
    zones: countBy(nodes.values(), ({ metadata }) => metadata?.labels?.[zone]),
    web: countBy(web, zoneOf),
    repelling: {
      web: countBy(
        all.filter(({ metadata }) => metadata?.labels?.app === 'web'),
        zoneOf,
      ),
      db: countBy(
        all.filter(({ metadata }) => metadata?.labels?.app === 'db'),
        zoneOf,
      ),
    },
    cpus,
  };
}

function counted(cache: ClusterCache) {
  const repelling: Record<string, Record<string, number>> = { web: {}, db: {} };
  for (const { term, domains } of cache.repelling.terms) {
    const [owner] = ['web', 'db'].filter((label) => term.selector.matches({ app: label }));
    repelling[owner ?? ''] = Object.fromEntries(domains);
  }
  return {
    nodes: cache.nodes.map(({ name }) => name).sort(),
    zones: Object.fromEntries(cache.topologies.get(zone).values),
    web: Object.fromEntries(cache.counters.get(webPods).domains(zone)),
    repelling,
    cpus: Object.fromEntries(cache.nodes.map(({ name, requested }) => [name, requested.milliCpu])),
  };
}

describe('cluster cache', () => {
  it('counts as it goes what counting anew would give', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 40 }), (story) => {
        const cache = new ClusterCache({ namespaceLabels: () => undefined });
        const model: Model = { nodes: new Map(), pods: new Map() };
        counted(cache);
        for (const step of story) {
          apply(step, cache, model);
          expect(counted(cache)).to.deep.equal(recount(model));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes nodes of all zones in turn', () => {
    const cache = new ClusterCache({ namespaceLabels: () => undefined });
    for (const [name, place] of [
      ['a', 'z1'],
      ['b', 'z1'],
      ['c', 'z1'],
      ['d', 'z2'],
      ['e', 'z3'],
    ] as const) {
      cache.addNode(node({ name, zone: place }));
    }
    expect(cache.nodes.map(({ name }) => name)).to.deep.equal(['a', 'd', 'e', 'b', 'c']);
  });

  it('confirms an assumed pod without counting it twice, and does not forget it then', () => {
    const cache = new ClusterCache({ namespaceLabels: () => undefined });
    cache.addNode(node({ name: 'a' }));
    const wanted = pod({ name: 'p', cpu: '1' });
    cache.assume(podInfo(wanted), 'a');
    cache.putPod({ ...wanted, spec: { containers: [], ...wanted.spec, nodeName: 'a' } });
    expect(cache.isAssumed('uid-of-p')).to.equal(false);
    cache.forget('uid-of-p');
    expect(cache.node('a')?.requested.milliCpu).to.equal(1000);
  });

  it('moves a pod that is bound elsewhere than was assumed', () => {
    const cache = new ClusterCache({ namespaceLabels: () => undefined });
    for (const name of ['a', 'b']) cache.addNode(node({ name }));
    const wanted = pod({ name: 'p', cpu: '1' });
    cache.assume(podInfo(wanted), 'a');
    cache.putPod({ ...wanted, spec: { containers: [], ...wanted.spec, nodeName: 'b' } });
    expect([cache.node('a')?.requested.milliCpu, cache.node('b')?.requested.milliCpu]).to.deep.equal([0, 1000]);
  });
});
