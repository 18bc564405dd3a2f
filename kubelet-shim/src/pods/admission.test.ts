import type { Node, Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { admitPod, admitResize } from './admission.ts';

const node: Node = {
  metadata: { name: 'node-a', labels: { zone: 'a' } },
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '3' } },
};
const cpu = (request: string) => ({ containers: [{ name: 'c', resources: { requests: { cpu: request } } }] });
const port = (hostPort: number, hostIP?: string) => ({
  containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }) }] }],
});
const other = (spec: Partial<PodSpec>, status = {}): Pod => ({ ...podOf(spec, { uid: 'u-2', name: 'q' }), status });

const cases: readonly (readonly [string, Partial<PodSpec>, readonly Pod[], string | undefined])[] = [
  ['a pod that fits', cpu('1'), [other(cpu('1'))], undefined],
  ['a pod that does not', cpu('1500m'), [other(cpu('1'))], 'OutOfcpu'],
  ['pods that have ended do not count', cpu('1500m'), [other(cpu('1'), { phase: 'Succeeded' })], undefined],
  ['too many pods', {}, [other({}), other({}), other({})], 'OutOfpods'],
  [
    'a resource that the node does not have',
    { containers: [{ name: 'c', resources: { requests: { 'x.y/gpu': '1' } } }] },
    [],
    'OutOfx.y/gpu',
  ],
  ['a port that is free', port(80), [other(port(81))], undefined],
  ['a port that is taken', port(80), [other(port(80))], 'NodePorts'],
  ['the same port on another address', port(80, '10.0.0.1'), [other(port(80, '10.0.0.2'))], undefined],
  ['a port of all addresses', port(80, '10.0.0.1'), [other(port(80))], 'NodePorts'],
  ['a label that the node has', { nodeSelector: { zone: 'a' } }, [], undefined],
  ['a label that it has not', { nodeSelector: { zone: 'b' } }, [], 'NodeAffinity'],
  ['a pod for another node', { nodeName: 'node-b' }, [], 'NodeName'],
];

describe('admitPod', () => {
  for (const [name, spec, others, reason] of cases) {
    it(`${name} → ${reason ?? 'taken'}`, () => expect(admitPod(podOf(spec), node, others)?.reason).to.equal(reason));
  }

  it('says what was asked for and what there is, as upstream does', () => {
    expect(admitPod(podOf(cpu('3')), node, [])?.message).to.equal(
      "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
    );
  });

  it('minds taints that would drive the pod away again', () => {
    const tainted: Node = { ...node, spec: { taints: [{ key: 'k', value: 'v', effect: 'NoExecute' }] } };
    expect(admitPod(podOf({}), tainted, [])?.reason).to.equal('TaintToleration');
    const tolerations = [{ key: 'k', operator: 'Exists' }];
    expect(admitPod(podOf({ tolerations }), tainted, [])).to.equal(undefined);
  });
});

describe('admitResize', () => {
  for (const [name, request, others, reason] of [
    ['what fits', '2', [], undefined],
    ['what the node will never have', '3', [], 'Infeasible'],
    ['what others have now', '1500m', [other(cpu('1'))], 'Deferred'],
  ] as const) {
    it(`${name} → ${reason ?? 'granted'}`, () =>
      expect(admitResize(podOf(cpu(request)), node, others)?.reason).to.equal(reason));
  }
});
