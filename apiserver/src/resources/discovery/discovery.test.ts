import { expect } from 'chai';
import { EndpointSlices } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

const namespace = 'default';

describe('strategies of discovery.k8s.io', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  const slice = (name: string, more: object) => ({ metadata: { name, namespace }, ...more }) as object;

  it('fill in ports', async () => {
    const made = await api.client.create(EndpointSlices, slice('a', { addressType: 'IPv4', ports: [{ port: 80 }] }));
    expect(made.ports).to.deep.equal([{ name: '', protocol: 'TCP', port: 80 }]);
    const body = { addressType: 'IPv6' };
    const changed = api.client.patch(EndpointSlices, { namespace, name: 'a' }, { type: 'merge', body });
    expect(await causesOf(changed)).to.deep.equal(['addressType: Invalid value: null: field is immutable']);
  });

  it('refuse addresses that lead nowhere', async () => {
    const endpoints = [{}, { addresses: ['::1'] }];
    const made = api.client.create(EndpointSlices, slice('b', { addressType: 'IPv4', endpoints }));
    expect(await causesOf(made)).to.deep.equal([
      'endpoints[1].addresses: Invalid value: "::1": must be an IPv4 address',
      'endpoints[1].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'endpoints[0].addresses: Required value',
    ]);
  });
});
