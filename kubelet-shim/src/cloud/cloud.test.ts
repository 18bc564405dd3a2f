import type { Service } from '@coracle/apimachinery/types/core-v1';
import { createEventRecorder } from '@coracle/client/events';
import { createInformers } from '@coracle/client/informer';
import { createClient } from '@coracle/client/rest';
import { createMemoryApi, testEnvironment } from '@coracle/client/testing';
import { expect } from 'chai';
import { parseRange } from '../network/index.ts';
import { chooseAddress, createLoadBalancerController } from './load-balancers.ts';

function service(name: string, spec: NonNullable<Service['spec']>): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec };
}

describe('the load balancer controller', () => {
  it('gives addresses, takes them back, and leaves Services of other classes alone', async () => {
    const environment = testEnvironment();
    const api = createMemoryApi();
    const client = createClient(api.transport, { clock: environment.clock });
    const informers = createInformers({ client, environment });
    const events = createEventRecorder({ client, environment }, { component: 'service-controller' });
    const parts = { environment, client, informers, events, addresses: parseRange('10.0.255.0/24') };
    const controller = createLoadBalancerController(parts);
    await informers.start();
    controller.run();
    const addressOf = (name: string) =>
      api.get<Service>('services', name, 'shop')?.status?.loadBalancer?.ingress?.map(({ ip }) => ip);

    api.put('services', service('a', { type: 'LoadBalancer' }));
    api.put('services', service('b', { type: 'LoadBalancer' }));
    api.put('services', service('c', { type: 'LoadBalancer', loadBalancerClass: 'example.com/x' }));
    await environment.clock.advance(10);
    expect(['a', 'b', 'c'].map(addressOf)).to.deep.equal([['10.0.255.1'], ['10.0.255.2'], undefined]);
    const { status } = api.get<Service>('services', 'a', 'shop') ?? {};
    api.put('services', { ...service('a', { type: 'ClusterIP' }), ...(status && { status }) });
    await environment.clock.advance(10);
    api.put('services', service('d', { type: 'LoadBalancer' }));
    await environment.clock.advance(10);
    expect(['a', 'd'].map(addressOf)).to.deep.equal([[], ['10.0.255.1']]);
    await controller.stop();
    await events.stop();
    await informers.stop();
  });

  const range = parseRange('10.0.255.0/30');
  const cases: [name: string, wanted: string | undefined, taken: string[], expected: string | undefined][] = [
    ['the lowest free one', undefined, ['10.0.255.1'], '10.0.255.2'],
    ['the one that is asked for', '10.0.255.2', [], '10.0.255.2'],
    ['another where that is taken', '10.0.255.2', ['10.0.255.2'], '10.0.255.1'],
    ['another where that is not of the range', '192.0.2.1', [], '10.0.255.1'],
    ['none where all are taken', undefined, ['10.0.255.1', '10.0.255.2'], undefined],
  ];
  for (const [name, wanted, taken, expected] of cases) {
    it(`chooses ${name}`, () => {
      const spec = wanted === undefined ? {} : { loadBalancerIP: wanted };
      expect(chooseAddress({ spec }, range, new Set(taken))).to.equal(expected);
    });
  }
});
