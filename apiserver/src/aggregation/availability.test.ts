import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import { expect } from 'chai';
import { StaticReaders } from '../auth/testing/index.ts';
import { obstacleOf } from './availability.ts';

describe('availability of an API service', () => {
  const apiService = { spec: { service: { namespace: 'ns', name: 'api', port: 8443 } } } as never;
  const service = (spec: object) => ({ metadata: { namespace: 'ns', name: 'api' }, spec });
  const listening = service({ ports: [{ port: 8443, name: 'api' }] });
  const slice = (content: object) => ({
    metadata: { namespace: 'ns', name: 's', labels: { 'kubernetes.io/service-name': 'api' } },
    ports: [{ name: 'api', port: 443 }],
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ...content,
  });
  const missing = 'endpointslices for service/api in "ns" have no addresses with port name "api"';

  const rows: readonly (readonly [title: string, objects: [object?, object?], reason?: string, message?: string])[] = [
    ['no Service', [], 'ServiceNotFound', 'service/api in "ns" is not present'],
    [
      'another port',
      [service({ ports: [{ port: 80 }] })],
      'ServicePortError',
      'service/api in "ns" is not listening on port 8443',
    ],
    ['no slices', [listening], 'EndpointsNotFound', 'cannot find endpointslices for service/api in "ns"'],
    ['no endpoints', [listening, slice({ endpoints: [] })], 'MissingEndpoints', missing],
    [
      'none ready',
      [listening, slice({ endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: false } }] })],
      'MissingEndpoints',
      missing,
    ],
    ['another port name', [listening, slice({ ports: [{ name: 'web', port: 80 }] })], 'MissingEndpoints', missing],
    ['all there', [listening, slice({})]],
    ['a name elsewhere', [service({ type: 'ExternalName', externalName: 'example.org' })]],
  ];
  for (const [title, [present, endpoints], reason, message] of rows) {
    it(`${title}: ${reason ?? 'may be asked'}`, async () => {
      const readers = new StaticReaders();
      if (present !== undefined) readers.set(Services, present);
      if (endpoints !== undefined) readers.set(EndpointSlices, endpoints);
      const expected = reason === undefined ? undefined : { status: 'False', reason, message };
      expect(await obstacleOf(readers, apiService)).to.deep.equal(expected);
    });
  }
});
