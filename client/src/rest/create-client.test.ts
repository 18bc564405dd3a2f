import { isStatus, tooManyRequests } from '@coracle/apimachinery/errors';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { expect } from 'chai';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { Transport, TransportRequest } from '../transport/transport.ts';
import type { Client } from './client.ts';
import { createClient } from './create-client.ts';

const deployments: ResourceRef = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
const pods: ResourceRef = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };
const nodes: ResourceRef = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false };
const key = { namespace: 'a', name: 'b' };

function setUp(answer: (request: TransportRequest) => unknown = () => ({})) {
  const requests: TransportRequest[] = [];
  const warnings: string[] = [];
  const clock = createVirtualClock();
  const transport = {
    request: async (request: TransportRequest) => {
      requests.push(request);
      return { status: 200, object: answer(request), warnings: ['careful'] };
    },
  } as unknown as Transport;
  const client = createClient(transport, { clock, fieldManager: 'me', onWarning: (text) => warnings.push(text) });
  return { client, clock, requests, warnings };
}

const calls: readonly [name: string, call: (client: Client) => Promise<unknown>, expected: string][] = [
  ['get', (client) => client.get(deployments, key), 'GET /apis/apps/v1/namespaces/a/deployments/b'],
  [
    'get of a subresource',
    (client) => client.get(deployments, key, { subresource: 'scale' }),
    'GET /apis/apps/v1/namespaces/a/deployments/b/scale',
  ],
  [
    'list of all namespaces',
    (client) => client.list(pods, { labelSelector: 'a in (b)', limit: 5 }),
    'GET /api/v1/pods?labelSelector=a%20in%20(b)&limit=5',
  ],
  ['create', (client) => client.create(pods, { metadata: key }), 'POST /api/v1/namespaces/a/pods?fieldManager=me'],
  [
    'create of a subresource',
    (client) => client.create(pods, { metadata: key }, { subresource: 'binding' }),
    'POST /api/v1/namespaces/a/pods/b/binding?fieldManager=me',
  ],
  [
    'update of a status',
    (client) => client.update(nodes, { metadata: { name: 'n' } }, { subresource: 'status' }),
    'PUT /api/v1/nodes/n/status?fieldManager=me',
  ],
  [
    'apply',
    (client) => client.patch(pods, key, { type: 'apply', body: {}, force: true }, { fieldManager: 'x', dryRun: true }),
    'PATCH /api/v1/namespaces/a/pods/b?dryRun=All&fieldManager=x&force=true',
  ],
  ['delete', (client) => client.delete(pods, key), 'DELETE /api/v1/namespaces/a/pods/b'],
  [
    'delete of many',
    (client) => client.deleteCollection(pods, { namespace: 'a', labelSelector: 'x=y' }),
    'DELETE /api/v1/namespaces/a/pods?labelSelector=x%3Dy',
  ],
];

describe('client', () => {
  for (const [name, call, expected] of calls) {
    it(`asks for ${name} where the API has it`, async () => {
      const { client, requests } = setUp();
      await call(client);
      expect(requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([expected]);
    });
  }

  it('says kind and version of what it writes, and of list items that leave them out', async () => {
    const { client, requests } = setUp(() => ({ items: [{ metadata: { name: 'b' } }] }));
    await client.create(deployments, { metadata: key });
    expect(requests[0]?.body).to.deep.equal({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: key });
    const list = await client.list(deployments);
    expect(list.items).to.deep.equal([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b' } }]);
  });

  it('sends preconditions and the propagation policy in the body', async () => {
    const { client, requests } = setUp();
    await client.delete(pods, key, {
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
    expect(requests[0]?.body).to.deep.include({
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
  });

  it('tells the warnings', async () => {
    const { client, warnings } = setUp();
    await client.get(pods, key);
    expect(warnings).to.deep.equal(['careful']);
  });

  it('comes back when the server says when, and gives up what it refuses for good', async () => {
    let refusals = 2;
    const { client, clock, requests } = setUp(() => {
      if (refusals-- > 0) throw tooManyRequests('busy', 3);
      return { metadata: key };
    });
    const getting = client.get(pods, key);
    await clock.advance(6_000);
    expect((await getting).metadata).to.deep.equal(key);
    expect(requests).to.have.length(3);

    const refused = setUp(() => {
      throw tooManyRequests('the budget allows no disruption', 0);
    });
    const error = await refused.client.get(pods, key).catch((failure: unknown) => failure);
    expect(isStatus(error, 'TooManyRequests')).to.equal(true);
    expect(refused.requests).to.have.length(1);
  });
});
