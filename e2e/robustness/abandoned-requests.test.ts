import { type ClientHttp2Stream, connect } from 'node:http2';
import { request } from 'node:https';
import { expect } from 'chai';
import {
  adminTls,
  ApiCaller,
  eventually,
  type OwnApiServer,
  startedBefore,
  startOwnApiServer,
} from '../support/index.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const somebody = { 'impersonate-user': 'somebody', 'impersonate-group': 'system:authenticated' };
/** More than the seats that the level of such a user has; each connection costs a handshake. */
const streamsMax = 60;
const connectionsMax = 10;

describe('requests that their clients abandon', () => {
  const server = startedBefore(startOwnApiServer, { prepare });

  const calls = {
    'a list that is not read': { method: 'GET', path: configMaps },
    'a watch whose initial events are not read': { method: 'GET', path: `${configMaps}?watch=true` },
    'a write whose body does not end': { method: 'POST', path: configMaps },
  };
  for (const [what, { method, path }] of Object.entries(calls)) {
    it(`${what}, over HTTP/2, give their seats back`, async () => {
      const session = connect(server().url, adminTls(server().pki));
      session.on('error', () => {});
      const headers = { ...somebody, ':method': method, ':path': path, 'content-type': 'application/json' };
      const streams: ClientHttp2Stream[] = [];
      for (let count = 0; count < streamsMax; count++) {
        const stream = session.request(headers, { endStream: method === 'GET' });
        stream.on('error', () => {});
        if (method === 'POST') stream.write('{');
        streams.push(stream);
      }
      await busy();
      for (const stream of streams.slice(1)) stream.destroy();
      session.destroy();
      await idle();
    });

    it(`${what}, over HTTP/1.1, give their seats back`, async () => {
      const headers = { ...somebody, 'content-type': 'application/json' };
      const sent = Array.from({ length: connectionsMax }, () => {
        const sending = request(`${server().url}${path}`, { ...adminTls(server().pki), method, headers, agent: false });
        sending.on('error', () => {});
        if (method === 'GET') sending.end();
        else sending.write('{');
        return sending;
      });
      await busy();
      for (const sending of sent) sending.destroy();
      await idle();
    });
  }

  async function level(): Promise<readonly string[]> {
    using api = new ApiCaller(server());
    const { body } = await api.call('/debug/api_priority_and_fairness/dump_priority_levels');
    const line =
      body
        .toString()
        .split('\n')
        .find((each) => each.startsWith('global-default,')) ?? '';
    return line.split(',').map((cell) => cell.trim());
  }

  const busy = () => eventually(async () => expect(Number((await level())[5])).to.be.greaterThan(0));
  /** Nothing waits, nothing runs. */
  const idle = () => eventually(async () => expect((await level()).slice(4, 6)).to.deep.equal(['0', '0']));
});

/** Somebody who may everything, and objects enough for an answer that no buffer between the two takes whole. */
async function prepare(server: OwnApiServer): Promise<void> {
  using api = new ApiCaller(server);
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'somebody' }];
  const roleRef = { kind: 'ClusterRole', apiGroup: 'rbac.authorization.k8s.io', name: 'cluster-admin' };
  const binding = { metadata: { name: 'somebody' }, roleRef, subjects };
  await api.call('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { method: 'POST', body: binding });
  const body = { metadata: { generateName: 'large-' }, data: { text: 'x'.repeat(500_000) } };
  for (let count = 0; count < 10; count++) await api.call(configMaps, { method: 'POST', body });
}
