import { expect } from 'chai';
import { allocateSeats, type Claim } from './seat-allocation.ts';

const claim = (lowerBound: number, target: number, upperBound: number): Claim => ({ lowerBound, target, upperBound });

describe('seats are divided', () => {
  const cases: { it: string; total: number; claims: Claim[]; seats: number[] | undefined }[] = [
    { it: 'in proportion to targets', total: 30, claims: [claim(0, 1, 99), claim(0, 2, 99)], seats: [10, 20] },
    { it: 'not below a lower bound', total: 30, claims: [claim(15, 20, 99), claim(0, 60, 99)], seats: [15, 15] },
    { it: 'not above an upper bound', total: 30, claims: [claim(0, 20, 5), claim(0, 20, 99)], seats: [5, 25] },
    { it: 'to who wants nothing too', total: 30, claims: [claim(0, 0, 99), claim(0, 0, 99)], seats: [15, 15] },
    { it: 'all at their lower bounds', total: 12, claims: [claim(4, 5, 9), claim(8, 9, 9)], seats: [4, 8] },
    { it: 'all at their upper bounds', total: 18, claims: [claim(4, 5, 9), claim(8, 9, 9)], seats: [9, 9] },
    { it: 'over a gap where no claim grows', total: 20, claims: [claim(0, 10, 5), claim(8, 8, 20)], seats: [5, 15] },
    { it: 'not where lower bounds need more', total: 11, claims: [claim(4, 5, 9), claim(8, 9, 9)], seats: undefined },
    { it: 'not where upper bounds take less', total: 19, claims: [claim(4, 5, 9), claim(8, 9, 9)], seats: undefined },
    { it: 'not among nobody', total: 1, claims: [], seats: undefined },
  ];
  for (const { it: name, total, claims, seats } of cases) {
    it(name, () => {
      const allocated = allocateSeats(total, claims)?.seats;
      expect(allocated?.map((each) => Number(each.toFixed(6)))).to.deep.equal(seats);
    });
  }
});
