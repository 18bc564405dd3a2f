import { expect } from 'chai';
import { ExpiringCache } from './expiring-cache.ts';

describe('a cache whose values expire', () => {
  const time = { now: 0, monotonic: () => time.now };

  it('forgets a value when its time is up, and keeps none without time', () => {
    const cache = new ExpiringCache<number>(time, 10);
    cache.set('a', 1, 100);
    cache.set('b', 2, 0);
    time.now = 99;
    expect([cache.get('a'), cache.get('b')]).to.deep.equal([1, undefined]);
    time.now = 100;
    expect(cache.get('a')).to.equal(undefined);
  });

  it('lets go of what was not used for longest', () => {
    const cache = new ExpiringCache<number>(time, 2);
    cache.set('a', 1, 100);
    cache.set('b', 2, 100);
    cache.get('a');
    cache.set('c', 3, 100);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).to.deep.equal([1, undefined, 3]);
  });
});
