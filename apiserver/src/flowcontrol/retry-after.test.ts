import { expect } from 'chai';
import { RetryAfter } from './retry-after.ts';

/** Seconds told at the end of each second in which so many requests were turned away. */
function told(perSecond: readonly number[]): number[] {
  const level = new RetryAfter();
  return perSecond.map((count, second) => {
    let seconds = 0;
    for (let turn = 0; turn < count; turn++) seconds = level.note(1000 + second);
    return seconds;
  });
}

describe('clients are asked to wait', () => {
  const cases = [
    { it: 'a second at first', dropped: [1, 1], seconds: [1, 1] },
    { it: 'longer while many are turned away', dropped: [9, 9, 9, 9, 9], seconds: [1, 2, 2, 4, 4] },
    { it: 'at most 32 seconds', dropped: Array<number>(200).fill(200), seconds: undefined },
    { it: 'less again when few are', dropped: [9, 1, 1, 1, 1, 1], seconds: [1, 2, 2, 2, 2, 2] },
  ];
  for (const { it: name, dropped, seconds } of cases) {
    it(name, () => {
      if (seconds === undefined) expect(Math.max(...told(dropped))).to.equal(32);
      else expect(told(dropped)).to.deep.equal(seconds);
    });
  }
});
