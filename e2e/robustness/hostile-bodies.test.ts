import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { adminTls, type OwnApiServer, startOwnApiServer } from '../support/index.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const json = { 'content-type': 'application/json' };

interface Answer {
  readonly status: number;
  readonly text: string;
  /** How the stream ended, as HTTP/2 numbers reasons. */
  readonly code: number;
}

describe('bodies made to do harm', () => {
  let server: OwnApiServer;
  let session: ClientHttp2Session;

  before(async () => {
    server = await startOwnApiServer();
    session = connect(server.url, {
      ...adminTls(server.pki),
      // MB: what this client itself may have on its way; with the 10 that Node gives it, it ends its own streams.
      maxSessionMemory: 1000,
    });
    await once(session, 'connect');
  });

  after(async () => {
    session.destroy();
    await server.stop();
  });

  async function ask(headers: OutgoingHttpHeaders, body?: Uint8Array | string): Promise<Answer> {
    const stream = session.request(headers, { endStream: body === undefined });
    let status = 0;
    let text = '';
    stream.on('response', (answer) => (status = answer[':status'] ?? 0));
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    stream.on('error', () => {});
    if (body !== undefined) stream.end(body);
    await new Promise((resolve) => stream.on('close', resolve));
    return { status, text, code: stream.rstCode ?? 0 };
  }

  const post = (body: Uint8Array | string, headers: OutgoingHttpHeaders = json) =>
    ask({ ':method': 'POST', ':path': configMaps, ...headers }, body);
  const messageOf = ({ text }: Answer) => (JSON.parse(text) as { message: string }).message;
  const configMap = (rest: string) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"h-"${rest}}`;

  for (const announced of [true, false]) {
    it(`of more than 3 MiB are refused, ${announced ? 'announced' : 'unannounced'}, and hold up nobody else`, async () => {
      const body = Buffer.alloc(4 << 20, ' ');
      const length = announced ? { 'content-length': body.length } : {};
      for (let time = 0; time < 40; time++) {
        const answer = await post(body, { ...json, ...length });
        expect([answer.status, answer.code], `body ${time}`).to.deep.equal([413, 0]);
        expect(messageOf(answer)).to.equal('Request entity too large: limit is 3145728');
      }
      expect((await post(`${configMap('}')}`)).status).to.equal(201);
    });
  }

  it('that nobody reads hold up nobody else', async () => {
    for (let time = 0; time < 40; time++) {
      const answer = await ask({ ':method': 'POST', ':path': '/nowhere' }, Buffer.alloc(1 << 20, ' '));
      expect([answer.status, answer.code], `body ${time}`).to.deep.equal([404, 0]);
    }
    expect((await post(`${configMap('}')}`)).status).to.equal(201);
  });

  it('that are large and many at once on one connection are all taken', async () => {
    const text = 'x'.repeat(900 << 10);
    const answers = await Promise.all(Array.from({ length: 60 }, () => post(configMap(`},"data":{"text":"${text}"}`))));
    expect(
      answers.filter(({ status, code }) => status !== 201 || code !== 0).map(({ status, code }) => [status, code]),
    ).to.deep.equal([]);
  });

  it('that unpack to a lot are not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20, ' '));
    const answer = await post(bomb, { ...json, 'content-encoding': 'gzip' });
    expect(answer.status).to.be.oneOf([400, 415]);
  });

  it('of YAML aliases of aliases are refused before anybody counts them out', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(10)}]`,
    );
    const bomb = ['l0: &l0 x', ...levels].map((line) => `  ${line}`).join('\n');
    const body = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\ndata:\n${bomb}`;
    for (const type of ['application/yaml', 'application/apply-patch+yaml']) {
      const method = type.includes('patch') ? 'PATCH' : 'POST';
      const path = method === 'POST' ? configMaps : `${configMaps}/bomb?fieldManager=h`;
      const answer = await ask({ ':method': method, ':path': path, 'content-type': type }, body);
      expect(answer.status, answer.text.slice(0, 200)).to.equal(400);
      expect(messageOf(answer)).to.include('excessive aliasing');
    }
  });

  const deep = 400_000;
  const nested: readonly (readonly [string, string, string])[] = [
    ['JSON lists', `${configMap('')},"data":${'['.repeat(deep)}${']'.repeat(deep)}}`, 'application/json'],
    ['JSON objects', `${configMap('')},"data":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`, 'application/json'],
    ['YAML lists', `apiVersion: v1\nkind: ConfigMap\ndata: ${'['.repeat(deep)}${']'.repeat(deep)}`, 'application/yaml'],
  ];
  for (const [what, body, type] of nested) {
    it(`of ${deep} ${what} within each other are refused`, async () => {
      const answer = await post(body, { 'content-type': type });
      expect(answer.status, answer.text.slice(0, 200)).to.equal(400);
    });
  }

  it('that name prototypes change no other object', async () => {
    const hostile = ['__proto__', 'constructor', 'prototype', 'toString'];
    for (const key of hostile) {
      await post(
        `${configMap(`,"labels":{"${key}":"x"},"${key}":{"polluted":"yes"}}`)},"data":{"${key}":"x"},"${key}":{"polluted":"yes"}}`,
      );
      for (const type of [
        'application/merge-patch+json',
        'application/strategic-merge-patch+json',
        'application/apply-patch+yaml',
      ]) {
        const body = `{"apiVersion":"v1","kind":"ConfigMap","${key}":{"polluted":"yes"},"data":{"${key}":"x"},"metadata":{"annotations":{"${key}":"x"}}}`;
        const path = `${configMaps}/kube-root-ca.crt?fieldManager=h&force=true`;
        await ask({ ':method': 'PATCH', ':path': path, 'content-type': type }, body);
      }
      const patch = `[{"op":"add","path":"/data/${key}/polluted","value":"yes"},{"op":"add","path":"/${key}/polluted","value":"yes"}]`;
      await ask(
        {
          ':method': 'PATCH',
          ':path': `${configMaps}/kube-root-ca.crt`,
          'content-type': 'application/json-patch+json',
        },
        patch,
      );
    }
    // The server runs in this process: what it changed could be seen here.
    expect('polluted' in {}).to.equal(false);
    const listed = await ask({ ':method': 'GET', ':path': configMaps });
    expect(listed.status).to.equal(200);
    expect(listed.text).not.to.include('polluted');
  });
});
