import { expect } from 'chai';
import { createBackOff, goDuration } from './back-off.ts';

const second = 1000;

describe('restart back-off', () => {
  it('lets the first restart go at once, then doubles from ten seconds to five minutes', () => {
    const backOff = createBackOff();
    const delays: number[] = [];
    let now = 0;
    for (let crash = 0; crash < 8; crash++) {
      const left = backOff.remaining('c', now, now);
      delays.push(left / second);
      now += left;
      backOff.next('c', now, now);
    }
    expect(delays).to.deep.equal([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('counts from the end of the container', () => {
    const backOff = createBackOff();
    backOff.next('c', 0, 0);
    expect(backOff.remaining('c', 4 * second, 9 * second)).to.equal(5 * second);
  });

  it('forgives a container that ran for more than ten minutes', () => {
    const backOff = createBackOff();
    backOff.next('c', 0, 0);
    expect(backOff.remaining('c', 601 * second, 601 * second)).to.equal(0);
  });

  for (const [milliseconds, text] of [
    [10_000, '10s'],
    [160_000, '2m40s'],
    [300_000, '5m0s'],
    [3_600_000, '1h0m0s'],
  ] as const) {
    it(`prints ${milliseconds} ms as ${text}`, () => expect(goDuration(milliseconds)).to.equal(text));
  }
});
