import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { systemClock } from '@coracle/apimachinery/clock';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { createSeededRandom } from '@coracle/client/testing';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { StaticReaders } from '../auth/testing/index.ts';
import { createWebhookClient, type WebhookClient, type WebhookClientConfig } from './index.ts';

describe('webhook client', () => {
  let server: Server;
  let port: number;
  let caBundle: string;
  let readers: StaticReaders;
  let client: WebhookClient;
  let answer: (url: string, body: string) => { status?: number; text?: string } | undefined;

  before(async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=hook',
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'hook.ns.svc' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    });
    const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    caBundle = Buffer.from(certificate.toString('pem')).toString('base64');
    server = createServer(
      { cert: certificate.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----` },
      async (request, response) => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const { status = 200, text } = answer(request.url ?? '', body) ?? {};
        if (text !== undefined) response.writeHead(status).end(text);
      },
    ).listen(0, '127.0.0.1');
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
