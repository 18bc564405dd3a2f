import { expect } from 'chai';
import type { Toleration } from '@coracle/apimachinery/types/core-v1';
import { ZoneEvictions, zoneStateOf } from '../node-lifecycle/zones.ts';
import { toleratedMs } from './tolerations.ts';

const taint = { key: 'k', value: 'v', effect: 'NoExecute' };

describe('tolerations', () => {
  const cases: [string, Toleration[], number][] = [
    ['none', [], 0],
    ['the same key and value', [{ key: 'k', value: 'v' }], Number.POSITIVE_INFINITY],
    ['another value', [{ key: 'k', value: 'w' }], 0],
    ['any value', [{ key: 'k', operator: 'Exists' }], Number.POSITIVE_INFINITY],
    ['everything', [{ operator: 'Exists' }], Number.POSITIVE_INFINITY],
    ['another effect', [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }], 0],
    ['for a while', [{ key: 'k', operator: 'Exists', tolerationSeconds: 30 }], 30_000],
    [
      'the shortest of several',
      [
        { operator: 'Exists', tolerationSeconds: 60 },
        { key: 'k', operator: 'Exists', tolerationSeconds: 5 },
      ],
      5000,
    ],
    ['not at all', [{ operator: 'Exists', tolerationSeconds: -1 }], 0],
  ];
  for (const [name, tolerations, expected] of cases) {
    it(`${name}: ${expected} ms`, () => expect(toleratedMs(tolerations, [taint])).to.equal(expected));
  }
  it('must cover every taint', () => {
    expect(toleratedMs([{ key: 'k', operator: 'Exists' }], [taint, { key: 'other', effect: 'NoExecute' }])).to.equal(0);
  });
});

describe('eviction by zone', () => {
  const nodes = (ready: number, lost: number) =>
    Array.from({ length: ready + lost }, (_, index) => ({
      status: { conditions: [{ type: 'Ready', status: index < ready ? 'True' : 'Unknown' }] },
    }));
  for (const [ready, lost, state] of [
    [3, 0, 'normal'],
    [1, 2, 'normal'],
    [2, 3, 'partial-disruption'],
    [0, 1, 'full-disruption'],
  ] as const) {
    it(`${lost} of ${ready + lost} lost is ${state}`, () => expect(zoneStateOf(nodes(ready, lost))).to.equal(state));
  }
  it('takes one node at once and the next ten seconds later', () => {
    const evictions = new ZoneEvictions();
    expect([0, 0, 4000, 10_000].map((now) => evictions.take('z', nodes(8, 2), now))).to.deep.equal([
      0, 10_000, 6000, 0,
    ]);
  });
  it('takes none of a small zone that is mostly lost, and few of a large one', () => {
    expect(new ZoneEvictions().take('z', nodes(2, 3), 0)).to.equal(undefined);
    const evictions = new ZoneEvictions();
    expect([0, 0].map((now) => evictions.take('z', nodes(20, 40), now))).to.deep.equal([0, 100_000]);
  });
});
