import { expect } from 'chai';
import { formatAddress, formatRange, parseAddress, parseRange, rangeContains, subrange } from './ipv4.ts';
import { freeIndex, planAt } from './plan.ts';

describe('IPv4 arithmetic', () => {
  it('reads and prints addresses, the high half too', () => {
    for (const text of ['0.0.0.0', '10.0.0.1', '192.168.1.254', '255.255.255.255']) {
      expect(formatAddress(parseAddress(text) ?? 0)).to.equal(text);
    }
    for (const text of ['1.2.3', '1.2.3.256', '01.2.3.4', 'a.b.c.d', ''])
      expect(parseAddress(text)).to.equal(undefined);
  });

  it('cuts ranges into parts', () => {
    const range = parseRange('10.244.7.9/16');
    expect(formatRange(range)).to.equal('10.244.0.0/16');
    expect(formatRange(subrange(range, 24, 255))).to.equal('10.244.255.0/24');
    expect(() => subrange(range, 24, 256)).to.throw('10.244.0.0/16 has no /24 number 256');
    expect(rangeContains(range, parseAddress('10.245.0.0') ?? 0)).to.equal(false);
  });
});

describe('the network plan', () => {
  it('takes the first ranges that nothing on this host uses', () => {
    expect(freeIndex([])).to.equal(0);
    expect(freeIndex([parseRange('10.0.3.0/24'), parseRange('10.240.0.0/16')])).to.equal(2);
    expect(() => freeIndex([parseRange('10.0.0.0/8')])).to.throw('no free network for the nodes');
  });

  it('gives the addresses that a VPC has them at', () => {
    expect(planAt(2)).to.include({ gateway: '10.2.0.1', nameServer: '10.2.0.2', device: 'coracle2' });
  });
});
