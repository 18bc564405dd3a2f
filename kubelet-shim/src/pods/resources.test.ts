import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { qosClass } from './qos.ts';
import { containerResources, cpuQuota, cpuShares, podCgroupResources, podResource } from './resources.ts';

const gibibyte = 1024 ** 3;
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
    expect(containerResources(podOf({ containers: [spec] }), spec, 4 * gibibyte)).to.deep.equal({
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 100_000,
      memoryLimitInBytes: 2 * gibibyte,
      oomScoreAdj: 750,
    });
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
