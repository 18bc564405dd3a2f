import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { systemClock } from '@coracle/apimachinery/clock';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { createSeededRandom } from '@coracle/client/testing';
import {
  AuthorityKeyIdentifierExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { expect } from 'chai';
import { StaticReaders } from '../auth/testing/index.ts';
import { createServingPair, pemOf } from '../testing/serving-pair.ts';
import { createWebhookClient, type WebhookClient, type WebhookClientConfig } from './index.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A pair for 127.0.0.1 from an authority that nobody is shown. */
async function issueFromStrangers(): Promise<{ cert: string; key: string }> {
  const [authority, keys] = await Promise.all(
    [1, 2].map(() => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])),
  );
  if (authority === undefined || keys === undefined) throw new Error('no keys');
  const certificate = await X509CertificateGenerator.create({
    subject: 'CN=leaf',
    issuer: 'CN=stranger',
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

describe('webhook client', () => {
  let server: Server;
  let port: number;
  let caBundle: string;
  let readers: StaticReaders;
  let client: WebhookClient;
  let answer: (url: string, body: string) => { status?: number; text?: string } | undefined;

  before(async () => {
    const pair = await createServingPair('hook.ns.svc');
    caBundle = Buffer.from(pair.cert).toString('base64');
    server = createServer(pair, async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { status = 200, text } = answer(request.url ?? '', body) ?? {};
      if (text !== undefined) response.writeHead(status).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    readers = new StaticReaders();
    readers.set(Services, {
      metadata: { name: 'hook', namespace: 'ns' },
      spec: { ports: [{ port: 443, name: 'https' }] },
    } as KubernetesObject);
    const labels = { 'kubernetes.io/service-name': 'hook' };
    const endpoints = [{ addresses: ['192.0.2.1'], conditions: { ready: false } }, { addresses: ['127.0.0.1'] }];
    readers.set(EndpointSlices, {
      metadata: { name: 's', namespace: 'ns', labels },
      endpoints,
      ports: [{ name: 'https', port }],
    } as KubernetesObject);
    client = createWebhookClient(readers, { random: createSeededRandom(1), clock: systemClock });
  });
  afterEach(() => client.close());

  const call = (config: WebhookClientConfig, timeoutSeconds = 10) =>
    client
      .call({ config, body: '{"a":1}', timeoutSeconds, signal: new AbortController().signal })
      .catch((error: Error) => error.message);

  it('reaches a Service at a ready endpoint, under the name of its certificate', async () => {
    answer = (url, body) => ({ text: JSON.stringify({ url, body }) });
    expect(await call({ service: { namespace: 'ns', name: 'hook', path: '/check' }, caBundle })).to.deep.equal({
      url: '/check?timeout=10s',
      body: '{"a":1}',
    });
  });

  it('reaches a URL', async () => {
    answer = () => ({ text: '{}' });
    expect(await call({ url: `https://127.0.0.1:${port}/x`, caBundle })).to.deep.equal({});
  });

  it('sends a path as client-go does: without empty segments', async () => {
    answer = (url) => ({ text: JSON.stringify({ url }) });
    const urls = { '//mutate': '/mutate', '/a/./b/../c/': '/a/c', '': '/', '/': '/' };
    for (const [path, sent] of Object.entries(urls)) {
      const url = `https://127.0.0.1:${port}${path}`;
      expect(await call({ url, caBundle }), path).to.deep.equal({ url: `${sent}?timeout=10s` });
    }
  });

  it('believes a certificate that the bundle itself holds, whoever issued it', async () => {
    const issued = await issueFromStrangers();
    const stranger = createServer(issued, (_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const url = `https://127.0.0.1:${(stranger.address() as { port: number }).port}/x`;
    expect(await call({ url, caBundle: Buffer.from(issued.cert).toString('base64') })).to.deep.equal({});
    stranger.closeAllConnections();
    stranger.close();
  });

  it('believes only the authority it was told', async () => {
    answer = () => ({ text: '{}' });
    expect(await call({ url: `https://127.0.0.1:${port}/x` })).to.match(
      /^Post "https:\/\/127.0.0.1:\d+\/x\?timeout=10s": .*certificate/,
    );
  });

  it('says what went wrong, and where', async () => {
    expect(await call({ service: { namespace: 'ns', name: 'gone' } })).to.equal(
      'Post "https://gone.ns.svc:443": service "gone" not found',
    );
    readers.remove(EndpointSlices, { metadata: { name: 's', namespace: 'ns' } });
    expect(await call({ service: { namespace: 'ns', name: 'hook' } })).to.match(
      /no endpoints available for service "hook"/,
    );
    answer = () => ({ status: 500, text: 'oh' });
    expect(await call({ url: `https://127.0.0.1:${port}/x`, caBundle })).to.match(/the server answered 500: oh/);
  });

  it('gives up in time', async () => {
    answer = () => undefined;
    expect(await call({ url: `https://127.0.0.1:${port}/slow`, caBundle }, 0.05)).to.match(/context deadline exceeded/);
  });
});
