import { expect } from 'chai';
import { SeatDemand } from './seat-demand.ts';
import { type Borrower, lendSeats, seatLimits } from './seat-limits.ts';
import { testConfiguration } from './testing/index.ts';

describe('limits of the levels of a new cluster', () => {
  // nominal, lower and upper as kube-apiserver 1.37 tells them with 600 seats.
  const expected: Record<string, [number, number, number]> = {
    'catch-all': [13, 13, 613],
    exempt: [0, 0, 600],
    'global-default': [49, 24, 649],
    'leader-election': [25, 25, 625],
    'node-high': [98, 73, 698],
    system: [74, 50, 674],
    'workload-high': [98, 49, 698],
    'workload-low': [245, 24, 845],
  };
  for (const { name, limits } of testConfiguration().configuration.levels) {
    it(name, () => {
      expect([limits.nominal, limits.lower, limits.upper]).to.deep.equal(expected[name]);
    });
  }

  it('are no more than may be borrowed', () => {
    const shares = { shares: 1, lendablePercent: 10, borrowingLimitPercent: 50 };
    expect(seatLimits(shares, 2, 40)).to.deep.equal({ nominal: 20, lower: 18, upper: 30 });
  });
});

describe('seats are lent', () => {
  const level = (
    nominal: number,
    lower: number,
    highWatermark: number,
    smoothed: number,
    exempt = false,
  ): Borrower => ({
    ...{ nominal, lower, upper: 1000, exempt, current: nominal },
    demand: { average: 0, deviation: 0, highWatermark, smoothed },
  });
  const cases = [
    { it: 'in proportion while nobody wants any', levels: [level(20, 10, 0, 0), level(20, 10, 0, 0)], seats: [20, 20] },
    { it: 'to who needs them', levels: [level(20, 10, 0, 0), level(20, 20, 90, 90)], seats: [10, 30] },
    { it: 'but not what their owner uses', levels: [level(20, 10, 18, 18), level(20, 20, 90, 90)], seats: [18, 22] },
    {
      it: 'less, where exempt requests take many',
      levels: [level(0, 0, 15, 15, true), level(40, 10, 90, 90)],
      seats: [15, 25],
    },
    {
      it: 'to nobody, where exempt requests take all',
      levels: [level(0, 0, 50, 50, true), level(40, 10, 90, 90)],
      seats: [50, 10],
    },
  ];
  for (const { it: name, levels, seats } of cases) {
    it(name, () => expect(lendSeats(levels).seats).to.deep.equal(seats));
  }
});

describe('seat demand', () => {
  it('follows up at once and down slowly', () => {
    const demand = new SeatDemand(0);
    demand.set(10, 0);
    demand.set(0, 5000);
    const { average, deviation, highWatermark, smoothed } = demand.endPeriod(10_000);
    expect([average, deviation, highWatermark, smoothed]).to.deep.equal([5, 5, 10, 10]);
    const later = demand.endPeriod(20_000);
    expect(later.highWatermark).to.equal(0);
    expect(later.smoothed).to.equal(9.77);
  });
});
