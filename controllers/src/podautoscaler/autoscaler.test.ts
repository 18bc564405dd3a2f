import { expect } from 'chai';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { limitSize, newHistory, rememberScale } from './behavior.ts';
import type { Reading } from './metrics-client.ts';
import { replicasForUsage, replicasForUtilization, type UsageObservation } from './replica-calculator.ts';

const nowMs = Date.UTC(2026, 0, 1);
const long = new Date(nowMs - 3_600_000).toISOString();

function pod(name: string, ready = true, phase = 'Running'): Pod {
  return {
    metadata: { name },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1' } } }] },
    status: {
      phase,
      startTime: long,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: long }],
    },
  };
}

function observe(usage: (number | undefined)[], more: Partial<UsageObservation> = {}): UsageObservation {
  const readings = new Map<string, Reading>();
  for (const [index, value] of usage.entries()) {
    if (value !== undefined) readings.set(`p${index}`, { value, timeMs: nowMs, windowMs: 60_000 });
  }
  const pods = usage.map((_, index) => pod(`p${index}`));
  return {
    currentReplicas: usage.length,
    pods,
    readings,
    tolerances: { scaleUp: 0.1, scaleDown: 0.1 },
    isCpu: true,
    nowMs,
    ...more,
  };
}

describe('replicas by utilization', () => {
  const cases: [string, (number | undefined)[], number, number][] = [
    ['more when above the target', [900, 900, 900], 50, 6],
    ['fewer when below', [200, 200, 200, 200], 50, 2],
    ['as they are within the tolerance', [520, 530, 540], 50, 3],
    ['pods without a reading are idle on the way up', [1000, 1000, undefined], 50, 4],
    ['and fully used on the way down', [100, 100, undefined, undefined], 50, 4],
  ];
  for (const [name, usage, target, expected] of cases) {
    it(name, () =>
      expect(replicasForUtilization(observe(usage), target, 'cpu', undefined).replicas).to.equal(expected),
    );
  }
  it('unready pods hold back growth', () => {
    const pods = [pod('p0'), pod('p1', true, 'Pending'), pod('p2', true, 'Pending')];
    expect(
      replicasForUtilization(observe([1000, undefined, undefined], { pods }), 50, 'cpu', undefined).replicas,
    ).to.equal(3);
  });
  it('says what request is missing', () => {
    const pods = [{ ...pod('p0'), spec: { containers: [{ name: 'main' }] } }];
    expect(() => replicasForUtilization(observe([100], { pods }), 50, 'cpu', undefined)).to.throw(
      'missing request for cpu in container main of Pod p0',
    );
  });
  it('averages usage', () => {
    expect(replicasForUsage(observe([600, 1000]), 400)).to.deep.equal({ replicas: 4, usage: 800 });
  });
});

describe('limits of an autoscaler', () => {
  const autoscaler = (behavior?: object) =>
    ({ spec: { minReplicas: 2, maxReplicas: 50, ...(behavior ? { behavior } : {}) } }) as never;
  it('lets the size double, or grow by four, at a time', () => {
    expect(limitSize(autoscaler(), newHistory(), 3, 40, nowMs)).to.deep.include({
      replicas: 7,
      limit: {
        isLimited: true,
        reason: 'ScaleUpLimit',
        message: 'the desired replica count is increasing faster than the maximum scale rate',
      },
    });
    expect(limitSize(autoscaler(), newHistory(), 20, 45, nowMs).replicas).to.equal(40);
  });
  it('holds it within its bounds', () => {
    expect(limitSize(autoscaler(), newHistory(), 30, 80, nowMs).limit.reason).to.equal('TooManyReplicas');
    expect(limitSize(autoscaler(), newHistory(), 5, 1, nowMs)).to.deep.include({ replicas: 2 });
  });
  it('shrinks only to the highest recommendation of the last five minutes', () => {
    const history = newHistory();
    limitSize(autoscaler(), history, 10, 8, nowMs - 100_000);
    expect(limitSize(autoscaler(), history, 10, 3, nowMs)).to.deep.include({
      replicas: 8,
      stabilized: 'ScaleDownStabilized',
    });
    expect(limitSize(autoscaler(), history, 10, 3, nowMs + 290_000).replicas).to.equal(3);
  });
  it('counts what was added in the period of a policy', () => {
    const history = newHistory();
    rememberScale(history, 4, 6, nowMs - 30_000);
    const policies = [{ type: 'Pods', value: 3, periodSeconds: 60 }];
    expect(limitSize(autoscaler({ scaleUp: { policies } }), history, 6, 20, nowMs).replicas).to.equal(7);
    expect(
      limitSize(autoscaler({ scaleUp: { selectPolicy: 'Disabled' } }), newHistory(), 6, 20, nowMs).replicas,
    ).to.equal(6);
  });
});
