import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@coracle/apimachinery/clock';
import { textOfError } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { openKubeconfigClient } from './kubeconfig-client.ts';

describe('kubeconfig client', () => {
  let directory: string;
  let receiver: Server;
  let url: string;
  let answer: { status: number; body: string; retryAfter?: string };
  let asked: number;
  let seen: { headers: IncomingHttpHeaders; url: string | undefined; body: string };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-webhook-'));
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        seen = { headers: request.headers, url: request.url, body };
        asked++;
        if (answer.retryAfter !== undefined) response.setHeader('retry-after', answer.retryAfter);
        response.statusCode = answer.status;
        response.end(answer.body);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  after(async () => {
    await new Promise((resolve) => receiver.close(resolve));
    await rm(directory, { recursive: true });
  });

  const open = async (config: object) => {
    const path = join(directory, 'kubeconfig');
    await writeFile(path, JSON.stringify(config));
    return openKubeconfigClient(path, { clock: systemClock });
  };
  const clusters = () => [{ name: 'hook', cluster: { server: url } }];

  it('posts to the current context, with a token that is read each time', async () => {
    await writeFile(join(directory, 'token'), 'one\n');
    const client = await open({
      'current-context': 'b',
      contexts: [{ name: 'a' }, { name: 'b', context: { cluster: 'hook', user: 'me' } }],
      clusters: clusters(),
      users: [{ name: 'me', user: { tokenFile: 'token' } }],
    });
    answer = { status: 200, body: '{"ok":true}' };
    expect(await client.post('{"a":1}', { timeoutMs: 5000 })).to.deep.equal({ ok: true });
    expect(seen).to.deep.include({ url: '/hook?timeout=5s', body: '{"a":1}' });
    expect(seen.headers.authorization).to.equal('Bearer one');
    await writeFile(join(directory, 'token'), 'two');
    await client.post('{}', { timeoutMs: 5000 });
    expect(seen.headers.authorization).to.equal('Bearer two');
    client.close();
  });

  it('throws what the other side answers where it is no success', async () => {
    const client = await open({ clusters: clusters() });
    answer = { status: 503, body: 'not now' };
    const told = await client.post('{}', { timeoutMs: 5000 }).catch(textOfError);
    expect(told).to.equal(`Post "${url}?timeout=5s": 503: not now`);
    client.close();
  });

  it('asks again, ten times at most, where an error says when', async () => {
    const client = await open({ clusters: clusters() });
    const timesAsked = async (given: { status: number; retryAfter?: string }) => {
      asked = 0;
      answer = { body: '', ...given };
      await client.post('{}', { timeoutMs: 5000 }).catch(() => {});
      return asked;
    };
    expect(await timesAsked({ status: 503, retryAfter: '0' })).to.equal(11);
    expect(await timesAsked({ status: 429, retryAfter: '0' })).to.equal(11);
    expect(await timesAsked({ status: 503 })).to.equal(1);
    expect(await timesAsked({ status: 503, retryAfter: 'Fri, 01 Jan 2027 00:00:00 GMT' })).to.equal(1);
    expect(await timesAsked({ status: 404, retryAfter: '0' })).to.equal(1);
    client.close();
  });

  it('waits no longer than it has time for', async () => {
    const client = await open({ clusters: clusters() });
    answer = { status: 503, body: '', retryAfter: '3600' };
    const told = await client.post('{}', { timeoutMs: 50 }).catch(textOfError);
    expect(told).to.equal(`Post "${url}?timeout=50ms": context deadline exceeded`);
    client.close();
  });

  const refused: [what: string, config: object, message: RegExp][] = [
    ['a file without clusters', {}, /a kubeconfig with clusters, users and contexts is expected/],
    [
      'a context that is not there',
      { clusters: [], 'current-context': 'x' },
      /current-context x is not among contexts/,
    ],
    [
      'a server that is no URL',
      { clusters: [{ name: 'a', cluster: { server: 'hook' } }] },
      /server "hook": a URL such as/,
    ],
    [
      'an authority that cannot be read',
      { clusters: [{ name: 'a', cluster: { server: 'https://a', 'certificate-authority': 'none' } }] },
      /none: cannot be read: ENOENT/,
    ],
  ];
  for (const [what, config, message] of refused) {
    it(`refuses ${what}`, async () => expect(await open(config).catch(textOfError)).to.match(message));
  }
});
