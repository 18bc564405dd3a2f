import { type Clock, systemClock } from '@coracle/apimachinery/clock';
import { expect } from 'chai';
import type { ApiResponse } from '../http/api-request.ts';
import { startTestApiServer, type TestApiServer } from '../testing/index.ts';

const v2Protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const v3Protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
const group = '/openapi/v3/apis/apps/v1';

describe('OpenAPI documents', () => {
  let api: TestApiServer;
  before(async () => {
    const clock: Clock = { ...systemClock, now: () => Date.UTC(2027, 0, 2, 3, 4, 5) };
    api = await startTestApiServer({ clock });
  });
  after(() => api.stop());

  const get = async (address: string, headers: Readonly<Record<string, string>> = {}) => {
    const [path = '', query = ''] = address.split('?');
    const response = await api.server.handle({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers,
      body: { bytes: async () => new Uint8Array(), stream: async function* () {} },
      signal: new AbortController().signal,
      peer: { address: '192.0.2.1' },
    });
    return { ...response, headers: response.headers ?? {} };
  };
  const hashOf = ({ headers }: Pick<Required<ApiResponse>, 'headers'>) => String(headers['etag']).replaceAll('"', '');

  const types: readonly (readonly [address: string, accept: string, type: string])[] = [
    ['/openapi/v2', '', 'application/json'],
    ['/openapi/v2', '*/*', 'application/json'],
    ['/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf', v2Protobuf],
    ['/openapi/v2', `${v2Protobuf}, application/json`, v2Protobuf],
    ['/openapi/v2', `text/html, application/json;q=0.5, ${v2Protobuf};q=0.2`, 'application/json'],
    [group, 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf', v3Protobuf],
    [group, v3Protobuf, v3Protobuf],
    ['/openapi/v3', 'application/json', 'application/json'],
  ];
  for (const [address, accept, type] of types) {
    it(`${address} for a client that accepts ${accept === '' ? 'anything' : accept}`, async () => {
      const { status, headers } = await get(address, accept === '' ? {} : { accept });
      expect({ status, type: headers['content-type'], vary: headers['vary'] }).to.deep.equal({
        status: 200,
        type,
        vary: 'Accept',
      });
    });
  }

  it('has nothing for a client that accepts neither form', async () => {
    for (const accept of ['text/html', v3Protobuf]) expect((await get('/openapi/v2', { accept })).status).to.equal(406);
    expect((await get('/openapi/v3', { accept: v3Protobuf })).status).to.equal(406);
  });

  it('has one tag for both forms, and nothing new for those who know it', async () => {
    const json = await get(group);
    const protobuf = await get(group, { accept: v3Protobuf });
    expect(protobuf.headers['etag'])
      .to.equal(json.headers['etag'])
      .and.match(/^"[0-9A-F]{128}"$/);
    for (const accept of ['application/json', v3Protobuf]) {
      const again = await get(group, { accept, 'if-none-match': String(json.headers['etag']) });
      expect([again.status, again.body.type]).to.deep.equal([304, 'empty']);
    }
  });

  it('lets clients keep an address with its hash for ever, and moves those with an old one', async () => {
    const hash = hashOf(await get(group));
    const kept = await get(`${group}?hash=${hash}`);
    expect([kept.status, kept.headers['cache-control']]).to.deep.equal([200, 'public, immutable']);
    expect(kept.headers['expires']).to.equal('Sun, 02 Jan 2028 03:04:05 GMT');
    const moved = await get(`${group}?hash=ABC`);
    expect([moved.status, moved.headers['location']]).to.deep.equal([301, `${group}?hash=${hash}`]);
  });

  it('names every document with its hash in the index, and has no others', async () => {
    const { body } = await get('/openapi/v3');
    if (body.type !== 'bytes') throw new Error('the index is no bytes');
    const { paths } = JSON.parse(Buffer.concat(body.chunks).toString()) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    expect(Object.keys(paths)).to.include.members(['api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1', 'version']);
    for (const { serverRelativeURL } of Object.values(paths))
      expect((await get(serverRelativeURL)).status).to.equal(200);
    expect((await get('/openapi/v3/apis/apps/v2')).status).to.equal(404);
  });
});
