import { expect } from 'chai';
import { expiryOf } from './key-set.ts';

describe('keys of an issuer', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases: [headers: Parameters<typeof expiryOf>[0]['headers'], seconds: number][] = [
    [{}, 0],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 'Public, Max-Age="60", must-revalidate' }, 60],
    [{ 'cache-control': 's-maxage=30, max-age=60' }, 30],
    [{ 'cache-control': 'max-age=60, no-store' }, 0],
    [{ 'cache-control': 'private, max-age=60' }, 0],
    [{ 'cache-control': 'max-age=soon' }, 0],
    [{ expires: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60],
    [{ expires: 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'cache-control': 'max-age=30', expires: 'Thu, 01 Jan 2026 00:01:00 GMT' }, 30],
  ];
  for (const [headers, seconds] of cases) {
    it(`hold for ${seconds} s with ${JSON.stringify(headers)}`, () => {
      expect((expiryOf({ headers }, now) - now) / 1000).to.equal(seconds);
    });
  }
});
