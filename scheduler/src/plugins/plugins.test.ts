import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import type { Plugin } from '../framework/plugin.ts';
import { type FakeCluster, fakeCluster, filterResults, node, pod, scores } from '../testing/index.ts';
import { imageLocality } from './image-locality/image-locality.ts';
import { nodeAffinity } from './node-affinity/node-affinity.ts';
import { nodeDeclaredFeatures } from './node-declared-features/node-declared-features.ts';
import { nodeName } from './node-name/node-name.ts';
import { nodePorts } from './node-ports/node-ports.ts';
import { balancedAllocation } from './node-resources/balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources/fit.ts';
import { nodeUnschedulable } from './node-unschedulable/node-unschedulable.ts';
import { taintToleration } from './taint-toleration/taint-toleration.ts';

interface FilterCase {
  readonly name: string;
  readonly plugin: Plugin;
  readonly cluster: FakeCluster;
  readonly pod: Pod;
  readonly expected: Record<string, string>;
}

const taints = [
  { key: 'a', value: 'x', effect: 'NoSchedule' },
  { key: 'b', effect: 'NoExecute' },
  { key: 'c', effect: 'PreferNoSchedule' },
];
const tainted = () => fakeCluster([node({ name: 'n', taints })]);
const untolerated = { n: 'unresolvable: node(s) had untolerated taint(s)' };
const mismatch = "unresolvable: node(s) didn't match Pod's node affinity/selector";
const zones = () => fakeCluster([node({ name: 'a', zone: 'z1' }), node({ name: 'b', zone: 'z2' })]);
const required = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
});
const expression = (operator: string, ...values: string[]) => ({
  matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator, values }],
});
const named = (...values: string[]) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values }] });
const noPorts = "unschedulable: node(s) didn't have free ports for the requested pod ports";
const port = (hostPort: number, hostIP?: string, protocol = 'TCP') => ({
  containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort, protocol, ...(hostIP ? { hostIP } : {}) }] }],
});
const taken = () => fakeCluster([node({ name: 'n' })], [pod({ ...port(80, '10.0.0.1'), nodeName: 'n' })]);

const filterCases: readonly FilterCase[] = [
  {
    name: 'NodeName: only the named node',
    plugin: nodeName(),
    cluster: zones(),
    pod: pod({ nodeName: 'b' }),
    expected: { a: "unresolvable: node(s) didn't match the requested node name", b: 'ok' },
  },
  {
    name: 'NodeUnschedulable: not a cordoned node',
    plugin: nodeUnschedulable(),
    cluster: fakeCluster([node({ name: 'n', unschedulable: true })]),
    pod: pod(),
    expected: { n: 'unresolvable: node(s) were unschedulable' },
  },
  {
    name: 'NodeUnschedulable: unless the pod tolerates it',
    plugin: nodeUnschedulable(),
    cluster: fakeCluster([node({ name: 'n', unschedulable: true })]),
    pod: pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    expected: { n: 'ok' },
  },
  {
    name: 'TaintToleration: no toleration',
    plugin: taintToleration(),
    cluster: tainted(),
    pod: pod(),
    expected: untolerated,
  },
  {
    name: 'TaintToleration: one taint left',
    plugin: taintToleration(),
    cluster: tainted(),
    pod: pod({ tolerations: [{ key: 'a', value: 'x' }] }),
    expected: untolerated,
  },
  {
    name: 'TaintToleration: another value',
    plugin: taintToleration(),
    cluster: tainted(),
    pod: pod({
      tolerations: [
        { key: 'a', value: 'y' },
        { key: 'b', operator: 'Exists' },
      ],
    }),
    expected: untolerated,
  },
  {
    name: 'TaintToleration: all that keep off, by key and by effect',
    plugin: taintToleration(),
    cluster: tainted(),
    pod: pod({
      tolerations: [
        { key: 'a', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
        { operator: 'Exists', effect: 'NoExecute' },
      ],
    }),
    expected: { n: 'ok' },
  },
  {
    name: 'NodeAffinity: nodeSelector',
    plugin: nodeAffinity(),
    cluster: zones(),
    pod: pod({ nodeSelector: { 'topology.kubernetes.io/zone': 'z1' } }),
    expected: { a: 'ok', b: mismatch },
  },
  {
    name: 'NodeAffinity: terms are alternatives',
    plugin: nodeAffinity(),
    cluster: zones(),
    pod: pod(required(expression('In', 'z9'), expression('NotIn', 'z1'))),
    expected: { a: mismatch, b: 'ok' },
  },
  {
    name: 'NodeAffinity: an empty term matches nothing',
    plugin: nodeAffinity(),
    cluster: zones(),
    pod: pod(required({})),
    expected: { a: mismatch, b: mismatch },
  },
  {
    name: 'NodeAffinity: nodes by name are the only ones looked at',
    plugin: nodeAffinity(),
    cluster: zones(),
    pod: pod(required(named('b'), named('gone'))),
    expected: { b: 'ok' },
  },
  {
    name: 'NodeAffinity: names that exclude each other',
    plugin: nodeAffinity(),
    cluster: zones(),
    pod: pod(required({ matchFields: [...named('a').matchFields, ...named('b').matchFields] })),
    expected: { '*': 'unresolvable: pod affinity terms conflict' },
  },
  {
    name: 'NodePorts: the same port on the same address',
    plugin: nodePorts(),
    cluster: taken(),
    pod: pod(port(80, '10.0.0.1')),
    expected: { n: noPorts },
  },
  {
    name: 'NodePorts: on every address',
    plugin: nodePorts(),
    cluster: taken(),
    pod: pod(port(80)),
    expected: { n: noPorts },
  },
  {
    name: 'NodePorts: on another address',
    plugin: nodePorts(),
    cluster: taken(),
    pod: pod(port(80, '10.0.0.2')),
    expected: { n: 'ok' },
  },
  {
    name: 'NodePorts: over another protocol',
    plugin: nodePorts(),
    cluster: taken(),
    pod: pod(port(80, '10.0.0.1', 'UDP')),
    expected: { n: 'ok' },
  },
];

const featureCase = (name: string, wish: Pod, expected: string): FilterCase => ({
  name: `NodeDeclaredFeatures: ${name}`,
  plugin: nodeDeclaredFeatures(),
  cluster: fakeCluster([node({ name: 'old' }), node({ name: 'new', features: ['VolumeBindMountOptions'] })]),
  pod: wish,
  expected: { old: expected, new: 'ok' },
});
const mountOptions = { name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v', bindMountOptions: ['noexec'] }] };
const featureCases = [
  featureCase('a pod that needs nothing special', pod(), 'ok'),
  featureCase(
    'a pod that needs a feature',
    pod({ containers: [mountOptions] }),
    "unresolvable: node(s) didn't match Pod's required features",
  ),
];

const full = () => {
  const busy = pod({ nodeName: 'n', cpu: '3', memory: '7Gi', requests: { 'example.com/gpu': '1' } });
  return fakeCluster([node({ name: 'n', pods: '2', allocatable: { 'example.com/gpu': '2' } })], [busy]);
};
const fitCases: readonly [name: string, pod: Pod, expected: string][] = [
  ['fits', pod({ cpu: '1', memory: '1Gi', requests: { 'example.com/gpu': '1' } }), 'ok'],
  ['lacks all of it now', pod({ cpu: '2', memory: '2Gi' }), 'unschedulable: Insufficient cpu, Insufficient memory'],
  ['could never fit', pod({ cpu: '5' }), 'unresolvable: Insufficient cpu'],
  [
    'lacks an extended resource',
    pod({ requests: { 'example.com/gpu': '2' } }),
    'unschedulable: Insufficient example.com/gpu',
  ],
  [
    'asks for what no node has',
    pod({ requests: { 'example.com/fpga': '1' } }),
    'unresolvable: Insufficient example.com/fpga',
  ],
  [
    'needs most while it starts',
    pod({
      cpu: '100m',
      initContainers: [
        { name: 'sidecar', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } },
        { name: 'init', resources: { requests: { cpu: '600m' } } },
      ],
    }),
    'unschedulable: Insufficient cpu',
  ],
  ['needs its overhead too', pod({ cpu: '900m', overhead: { cpu: '200m' } }), 'unschedulable: Insufficient cpu'],
  ['says at the level of the pod what it needs', pod({ cpu: '2', resources: { requests: { cpu: '1' } } }), 'ok'],
];

describe('plugins that filter', () => {
  for (const { name, plugin, cluster, pod: wanted, expected } of [...filterCases, ...featureCases]) {
    it(name, () => expect(filterResults(cluster, plugin, wanted)).to.deep.equal(expected));
  }

  for (const [name, wanted, expected] of fitCases) {
    it(`NodeResourcesFit: a pod that ${name}`, () => {
      expect(filterResults(full(), nodeResourcesFit(), wanted)).to.deep.equal({ n: expected });
    });
  }

  it('NodeResourcesFit: a node has room for so many pods', () => {
    const cluster = fakeCluster([node({ name: 'n', pods: '1' })], [pod({ nodeName: 'n' })]);
    expect(filterResults(cluster, nodeResourcesFit(), pod())).to.deep.equal({ n: 'unschedulable: Too many pods' });
  });

  it('NodeResourcesFit: a pod that is resized counts with the most of what it asks for, was given and has', () => {
    const resized = pod({
      nodeName: 'n',
      cpu: '1',
      status: {
        containerStatuses: [
          {
            name: 'main',
            ready: true,
            restartCount: 0,
            image: '',
            imageID: '',
            allocatedResources: { cpu: '2' },
            resources: { requests: { cpu: '3' } },
          },
        ],
      },
    });
    const cluster = fakeCluster([node({ name: 'n' })], [resized]);
    expect(cluster.nodeInfo('n').requested.milliCpu).to.equal(3000);
  });
});

describe('plugins that score', () => {
  it('NodeResourcesFit prefers the node with most left', () => {
    const cluster = fakeCluster(
      [node({ name: 'a' }), node({ name: 'b' })],
      [pod({ nodeName: 'a', cpu: '2', memory: '4Gi' })],
    );
    const result = scores(cluster, nodeResourcesFit(), pod({ cpu: '1', memory: '2Gi' }));
    expect(result).to.deep.equal({ a: 25, b: 75 });
  });

  it('NodeResourcesFit counts a container that asks for nothing as a little', () => {
    const cluster = fakeCluster(
      [node({ name: 'a' }), node({ name: 'b' })],
      [pod({ nodeName: 'a' }), pod({ nodeName: 'a' })],
    );
    const result = scores(cluster, nodeResourcesFit(), pod());
    expect(result.a).to.be.lessThan(result.b ?? 0);
  });

  it('BalancedAllocation prefers the node whose balance the pod improves', () => {
    const busy = [pod({ nodeName: 'a', cpu: '2' }), pod({ nodeName: 'b', memory: '4Gi' })];
    const cluster = fakeCluster([node({ name: 'a' }), node({ name: 'b' })], busy);
    expect(scores(cluster, balancedAllocation(), pod({ cpu: '2' }))).to.deep.equal({ a: 62, b: 87 });
    expect(scores(cluster, balancedAllocation(), pod())).to.deep.equal({});
  });

  it('TaintToleration prefers nodes with fewer taints that pods should avoid', () => {
    const avoid = (key: string) => ({ key, effect: 'PreferNoSchedule' });
    const nodes = [
      node({ name: 'a' }),
      node({ name: 'b', taints: [avoid('x')] }),
      node({ name: 'c', taints: [avoid('x'), avoid('y')] }),
    ];
    const cluster = fakeCluster(nodes);
    expect(scores(cluster, taintToleration(), pod())).to.deep.equal({ a: 100, b: 50, c: 0 });
    const tolerant = pod({ tolerations: [{ operator: 'Exists' }] });
    expect(scores(cluster, taintToleration(), tolerant)).to.deep.equal({ a: 100, b: 100, c: 100 });
  });

  it('NodeAffinity adds up the weights of the terms that match', () => {
    const term = (weight: number, zone: string) => ({ weight, preference: expression('In', zone) });
    const preferred = [term(40, 'z1'), term(10, 'z2'), { weight: 20, preference: named('a') }];
    const wish = pod({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } });
    expect(scores(zones(), nodeAffinity(), wish)).to.deep.equal({ a: 100, b: 16 });
    expect(scores(zones(), nodeAffinity(), pod())).to.deep.equal({});
  });

  it('ImageLocality prefers nodes with the image, less where few have it', () => {
    const sizeBytes = 512 * 1024 * 1024;
    const cluster = fakeCluster([
      node({ name: 'a', images: [{ names: ['web:latest'], sizeBytes }] }),
      node({ name: 'b', images: [{ names: ['other:1'], sizeBytes }] }),
    ]);
    expect(scores(cluster, imageLocality(cluster), pod({ image: 'web' }))).to.deep.equal({ a: 23, b: 0 });
    expect(scores(cluster, imageLocality(cluster), pod({ image: 'nowhere' }))).to.deep.equal({});
  });
});
