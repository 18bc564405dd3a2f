import { expect } from 'chai';
import type { Endpoint, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { packSlices, portsKey, recycle } from './pack.ts';

const endpoint = (name: string, ready = true): Endpoint => ({
  addresses: [name],
  conditions: { ready },
  targetRef: { kind: 'Pod', namespace: 'a', name },
});
const slice = (name: string, ...endpoints: string[]): EndpointSlice => ({
  metadata: { name },
  addressType: 'IPv4',
  endpoints: endpoints.map((each) => endpoint(each)),
});
const options = {
  max: 3,
  make: (): EndpointSlice => ({ addressType: 'IPv4', endpoints: [] }),
  refresh: (same: EndpointSlice) => same,
};
const pack = (existing: EndpointSlice[], wanted: Endpoint[]) => {
  const text = (each: EndpointSlice) =>
    `${each.metadata?.name ?? 'new'}:${(each.endpoints ?? []).flatMap(({ addresses }) => addresses).join('')}`;
  const writes = packSlices(existing, wanted, options);
  return { create: writes.create.map(text), update: writes.update.map(text), delete: writes.delete.map(text) };
};
const names = (text: string) => [...text].map((name) => endpoint(name));

describe('packing of endpoint slices', () => {
  const cases: [string, EndpointSlice[], Endpoint[], object][] = [
    ['nothing to do', [slice('s', 'a', 'b')], names('ab'), {}],
    ['a changed endpoint', [slice('s', 'a', 'b')], [endpoint('a'), endpoint('b', false)], { update: ['s:ab'] }],
    ['more than fit', [], names('abcd'), { create: ['new:abc', 'new:d'] }],
    ['into a slice that has room', [slice('s', 'a', 'b')], names('abc'), { update: ['s:abc'] }],
    ['into the fullest with room', [slice('s', 'a'), slice('t', 'b', 'c')], names('abcd'), { update: ['t:bcd'] }],
    [
      'into one that is written anyway',
      [slice('s', 'a', 'x'), slice('t', 'b', 'c')],
      names('abcd'),
      { update: ['s:ad'] },
    ],
    ['an emptied slice goes', [slice('s', 'a'), slice('t', 'b')], names('a'), { delete: ['t:b'] }],
  ];
  for (const [name, existing, wanted, expected] of cases) {
    it(name, () => expect(pack(existing, wanted)).to.deep.equal({ create: [], update: [], delete: [], ...expected }));
  }

  it('a slice that goes and one that comes are one update', () => {
    const gone: EndpointSlice = { ...slice('s', 'a'), metadata: { name: 's', resourceVersion: '7' } };
    const come: EndpointSlice = { ...slice('', 'b'), metadata: { generateName: 'web-' } };
    const writes = recycle({ create: [come], update: [], delete: [gone] }, () => true);
    expect(writes.update.map(({ metadata }) => metadata)).to.deep.equal([{ name: 's', resourceVersion: '7' }]);
    expect([...writes.create, ...writes.delete]).to.deep.equal([]);
  });

  it('ports are the same in any order', () => {
    const [http, tls] = [
      { name: 'http', port: 80 },
      { name: 'tls', port: 443, protocol: 'TCP' },
    ];
    expect(portsKey([http, tls])).to.equal(portsKey([tls, { ...http, protocol: 'TCP' }]));
    expect(portsKey([http])).not.to.equal(portsKey([{ ...http, port: 81 }]));
  });
});
