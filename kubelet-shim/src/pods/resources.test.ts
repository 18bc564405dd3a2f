import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { qosClass } from './qos.ts';
import {
  containerResources,
  cpuQuota,
  cpuShares,
  podCgroupResources,
  podMemoryHigh,
  podResource,
} from './resources.ts';

const gibibyte = 1024 ** 3;
const node = (cgroup: 'v1' | 'v2') => ({ capacityBytes: 4 * gibibyte, allocatableBytes: 3 * gibibyte, cgroup });
const of = (requests: Record<string, string>, limits?: Record<string, string>) => ({
  name: 'c',
  resources: { requests, ...(limits && { limits }) },
});

describe('resources', () => {
  for (const [milli, shares] of [
    [0, 2],
    [1, 2],
    [250, 256],
    [1000, 1024],
    [1_000_000, 262_144],
  ] as const) {
    it(`${milli}m → ${shares} shares`, () => expect(cpuShares(milli)).to.equal(shares));
  }
  for (const [milli, quota] of [
    [0, 0],
    [1, 1000],
    [500, 50_000],
    [2000, 200_000],
  ] as const) {
    it(`${milli}m → ${quota} µs a period`, () => expect(cpuQuota(milli)).to.equal(quota));
  }

  it('gives a container its limits, and its requests as shares', () => {
    const spec = of({ cpu: '250m', memory: '1Gi' }, { cpu: '1', memory: '2Gi' });
    expect(containerResources(podOf({ containers: [spec] }), spec, node('v1'))).to.deep.equal({
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 100_000,
      memoryLimitInBytes: 2 * gibibyte,
      oomScoreAdj: 750,
    });
  });

  const high = (spec: ReturnType<typeof of>, pod = podOf({ containers: [spec] })) =>
    containerResources(pod, spec, node('v2')).unified?.['memory.high'];

  it('has a container end as a whole when it runs out of memory, where the kernel can (cgroup v2)', () => {
    const spec = of({ memory: '1Gi' }, { memory: '1Gi' });
    expect(containerResources(podOf({ containers: [spec] }), spec, node('v2')).unified).to.deep.equal({
      'memory.oom.group': '1',
      'memory.min': '0',
      'memory.low': '0',
    });
  });

  it('slows a container down at nine tenths of what it may use beyond its request (cgroup v2)', () => {
    const pages = (bytes: number) => String(Math.floor(bytes / 4096) * 4096);
    expect(high(of({ memory: '1Gi' }, { memory: '2Gi' })), 'limited').to.equal(pages(1.9 * gibibyte));
    expect(high(of({})), 'free').to.equal(pages(0.9 * 3 * gibibyte));
    const limitedPod = podOf({ resources: { limits: { memory: '2Gi' } }, containers: [of({})] });
    expect(high(of({}), limitedPod), 'left to the pod').to.equal(undefined);
    expect(podMemoryHigh(limitedPod)).to.equal(Number(pages(1.8 * gibibyte)));
    expect(podMemoryHigh(podOf({ containers: [of({}, { memory: '2Gi' })] }))).to.equal(undefined);
  });

  it('counts what runs together, or the greatest init container', () => {
    const pod = podOf({
      initContainers: [{ ...of({ cpu: '100m' }), restartPolicy: 'Always' }, of({ cpu: '2' })],
      containers: [of({ cpu: '300m' }), of({ cpu: '200m' })],
      overhead: { cpu: '10m' },
    });
    expect(podResource(pod, 'requests', 'cpu')).to.equal(2110);
  });

  it('limits the pod only where every container is limited', () => {
    const limited = of({}, { cpu: '1', memory: '1Gi' });
    expect(podCgroupResources(podOf({ containers: [limited, limited] }))).to.include({
      cpuQuota: 200_000,
      memoryLimitInBytes: 2 * gibibyte,
    });
    expect(podCgroupResources(podOf({ containers: [limited, of({})] }))).to.not.have.property('memoryLimitInBytes');
  });

  const all = { cpu: '1', memory: '1Gi' };
  for (const [name, spec, qos] of [
    ['nothing asked', of({}), 'BestEffort'],
    ['requests only', of({ cpu: '1' }), 'Burstable'],
    ['limits equal to requests', of(all, all), 'Guaranteed'],
    ['limits above requests', of(all, { cpu: '2', memory: '1Gi' }), 'Burstable'],
  ] as const) {
    it(`${name} → ${qos}`, () => expect(qosClass(podOf({ containers: [spec] }))).to.equal(qos));
  }
});
