import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { systemClock } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { textOfError } from '@coracle/apimachinery/errors';
import { createSeededRandom } from '@coracle/client/testing';
import { expect } from 'chai';
import { openTokenWebhook, type TokenWebhookOptions } from './token-webhook.ts';

describe('token webhook', () => {
  let directory: string;
  let receiver: Server;
  let asked: { apiVersion: string; spec: { token: string; audiences?: string[] } }[];
  let answer: (token: string) => object | number;
  const stopping = new AbortController();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-token-webhook-'));
    receiver = createServer(async (request, response) => {
      const review = (await json(request)) as (typeof asked)[number];
      asked.push(review);
      const status = answer(review.spec.token);
      if (typeof status === 'number') response.statusCode = status;
      response.end(JSON.stringify({ kind: 'TokenReview', status }));
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const server = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/authenticate`;
    await writeFile(
      join(directory, 'kubeconfig'),
      JSON.stringify({ clusters: [{ name: 'hook', cluster: { server } }] }),
    );
  });
  after(async () => {
    stopping.abort();
    receiver.closeAllConnections();
    receiver.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    asked = [];
    answer = (token) => ({ authenticated: token === 'good', user: { username: 'jane', groups: ['devs'] } });
  });

  const open = async (options: Partial<TokenWebhookOptions> = {}) => {
    const hook = await openTokenWebhook(
      { configFile: join(directory, 'kubeconfig'), version: 'v1', cacheTtlMs: 60_000, ...options },
      {
        // Pauses between attempts take no time.
        environment: {
          clock: { ...systemClock, sleep: async () => {} },
          log: silentLogger,
          random: createSeededRandom(1),
        },
        audiences: ['here'],
        signal: stopping.signal,
      },
    );
    return async (token: string, audiences: readonly string[] = ['here']) => hook.authenticateToken(token, audiences);
  };

  it('asks whose a token is, and keeps the answer', async () => {
    const extra = { 'acme.com/arn': ['arn:aws:iam::1:role/dev'] };
    answer = () => ({ authenticated: true, user: { username: 'jane', uid: '7', groups: ['devs'], extra } });
    const authenticate = await open();
    const jane = { user: { username: 'jane', uid: '7', groups: ['devs'], extra }, audiences: ['here'] };
    const both = await Promise.all([authenticate('good'), authenticate('good')]);
    expect([...both, await authenticate('good')]).to.deep.equal([jane, jane, jane]);
    expect(asked).to.have.length(1);
    expect(asked[0]).to.deep.include({
      apiVersion: 'authentication.k8s.io/v1',
      spec: { token: 'good', audiences: ['here'] },
    });
  });

  it('keeps that a token is nobody’s, and nothing where it is told to keep nothing', async () => {
    const authenticate = await open();
    expect([await authenticate('bad'), await authenticate('bad')]).to.deep.equal([undefined, undefined]);
    expect(asked).to.have.length(1);
    const forgetful = await open({ cacheTtlMs: 0, version: 'v1beta1' });
    await forgetful('good');
    await forgetful('good');
    expect(asked.map(({ apiVersion }) => apiVersion).slice(1)).to.deep.equal(
      Array(2).fill('authentication.k8s.io/v1beta1'),
    );
  });

  it('takes a token for the audiences that the program says, or else for this server', async () => {
    const authenticate = await open();
    expect(await authenticate('good', ['vault'])).to.equal(undefined);
    answer = () => ({ authenticated: true, user: { username: 'jane' }, audiences: ['vault', 'x'] });
    expect((await authenticate('other', ['vault', 'here']))?.audiences).to.deep.equal(['vault']);
    expect(await authenticate('third')).to.equal(undefined);
  });

  it('tries again what may pass, and keeps no errors', async () => {
    const statuses = [500, 429, 504];
    answer = () => statuses.shift() ?? { authenticated: true, user: { username: 'jane' } };
    const authenticate = await open();
    expect((await authenticate('good'))?.user.username).to.equal('jane');
    expect(asked).to.have.length(4);
    answer = () => 403;
    for (const _ of [1, 2]) expect(await authenticate('x').catch(textOfError)).to.match(/authenticate.*: 403/);
    expect(asked).to.have.length(6);
    answer = () => ({ authenticated: false, error: 'no such account' });
    expect(await authenticate('y').catch(textOfError)).to.equal('no such account');
  });
});
