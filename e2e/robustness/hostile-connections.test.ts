import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { adminTls, ApiCaller, inUse, ServerProcess, skipBecause } from '../support/index.ts';
import { clientStream, frame, get, preface, reset, settings, times, type } from '../support/http2-frames.ts';

const mebibyte = 1 << 20;
const configMaps = '/api/v1/namespaces/default/configmaps';

const idleConnections = 10_000;
const handshakesAtOnce = 50;
/**
 * Bytes that one idle connection may cost: Node's TLS socket, OpenSSL's state, and an HTTP/2 session or parser. 71 KiB where
 * all are there at once; less where making them takes longer than the first are let idle.
 */
const idleConnectionBytesMax = 96 * 1024;
/** Descriptors that each process needs besides. */
const otherDescriptors = 500;
/** More than the 64 MiB that may wait for a watcher. */
const largeObjects = 84;
const largeBytes = 900 << 10;
/** What the caches of recent changes may keep of them: 8 MiB of old states, 8 MiB of frames, and the objects they are of. */
const changesBytesMax = 48 * mebibyte;
/** What may be left of a client's harm once it is gone: garbage that the collector has not given back. */
const leftBytesMax = 24 * mebibyte;

describe('connections made to do harm', function () {
  this.timeout(300_000);
  let server: ServerProcess;
  let caller: ApiCaller;
  let open: { destroy(): void }[];

  before(async () => {
    server = await ServerProcess.start();
    caller = new ApiCaller(server);
  });
  after(() => {
    caller[Symbol.dispose]();
    return server[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    open = [];
  });
  afterEach(() => {
    for (const each of open) each.destroy();
    expect(server.faults).to.deep.equal([]);
  });

  async function socket(protocol: 'http/1.1' | 'h2', as: object = adminTls(server.pki)): Promise<TLSSocket> {
    const made = connect({
      port: server.port,
      host: '127.0.0.1',
      ALPNProtocols: [protocol],
      rejectUnauthorized: false,
      ...as,
    });
    open.push(made);
    made.on('error', () => {});
    await once(made, 'secureConnect');
    return made;
  }

  async function session(): Promise<ClientHttp2Session> {
    const made = connectHttp2(server.url, adminTls(server.pki));
    open.push(made);
    made.on('error', () => {});
    await once(made, 'connect');
    return made;
  }

  /** A watch that has begun. */
  async function watch(path: string): Promise<ClientHttp2Stream> {
    const stream = (await session()).request({ ':path': path });
    stream.on('error', () => {});
    await once(stream, 'response');
    return stream;
  }

  async function untilEnd(made: TLSSocket): Promise<string> {
    let text = '';
    made.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => made.on('close', resolve));
    return text;
  }

  const serves = async () => expect((await caller.call('/readyz')).status).to.equal(200);

  it(`${idleConnections} that are idle cost little each, and others are served`, async function () {
    skipBecause(this, descriptorObstacle(idleConnections + otherDescriptors));
    // Made once: it is what costs a client most.
    const secureContext = createSecureContext();
    const before = await server.memory();
    for (let made = 0; made < idleConnections; made += handshakesAtOnce) {
      await Promise.all(
        Array.from({ length: handshakesAtOnce }, (_, index) =>
          socket(index % 2 === 0 ? 'h2' : 'http/1.1', { secureContext }),
        ),
      );
    }
    await serves();
    const after = await server.memory();
    const each = (after.rss - before.rss) / idleConnections;
    console.log(`      ${Math.round(each / 1024)} KiB a connection`);
    expect(each).to.be.lessThan(idleConnectionBytesMax);
  });

  it('a watcher that never reads is ended, with what waited for it, and other watchers miss nothing', async () => {
    const path = `${configMaps}?watch=true&labelSelector=for%3Dwatchers`;
    const [deaf, reading] = await Promise.all([watch(path), watch(path)]);
    const names = namesIn(reading);
    deaf.pause();
    const before = await server.memory();
    for (let number = 0; number < largeObjects; number++) {
      const metadata = { name: `large-${number}`, labels: { for: 'watchers' } };
      const body = { metadata, data: { text: 'x'.repeat(largeBytes) } };
      expect((await caller.call(configMaps, { method: 'POST', body })).status).to.equal(201);
      expect((await names.next()).value).to.equal(metadata.name);
    }
    await caller.call(`${configMaps}?labelSelector=for%3Dwatchers`, { method: 'DELETE' });
    expect(inUse(await server.memory()) - inUse(before)).to.be.lessThan(changesBytesMax);
    deaf.resume();
    await new Promise((resolve) => deaf.on('close', resolve));
  });

  const opening = Buffer.concat([preface, settings([])]);
  const floods: readonly (readonly [string, Uint8Array[]])[] = [
    [
      'streams that are reset at once',
      times(20_000, (index) => Buffer.concat([get(clientStream(index)), reset(clientStream(index))])),
    ],
    ['PING', times(100_000, () => frame(type.ping, 0, 0, Buffer.alloc(8)))],
    ['SETTINGS', times(100_000, (index) => settings([[3, index % 1000]]))],
  ];
  for (const [what, flood] of floods) {
    it(`a flood of ${what} whose answers nobody reads leaves nothing behind`, async () => {
      const before = await server.memory();
      const flooding = await socket('h2');
      flooding.pause();
      flooding.write(Buffer.concat([opening, ...flood]));
      await serves();
      await serves();
      flooding.destroy();
      expect(inUse(await server.memory()) - inUse(before)).to.be.lessThan(leftBytesMax);
    });
  }

  const headOf = (query: string) =>
    `POST ${configMaps}?${query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;

  it('a body that never ends is refused at its limit, and the connection closed', async () => {
    const endless = await socket('http/1.1');
    const answer = untilEnd(endless);
    endless.write(headOf(''));
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const more = () => !endless.destroyed && endless.write(chunk, () => setImmediate(more));
    more();
    expect(await answer).to.match(/^HTTP\/1.1 413 [^]*Request entity too large: limit is 3145728/);
  });

  it('a body that is dribbled over HTTP/1.1 meets the deadline of its request, and the connection is closed', async () => {
    const dribbling = await socket('http/1.1');
    dribbling.write(headOf('timeout=200ms'));
    const timer = setInterval(() => dribbling.write('1\r\n \r\n'), 10);
    expect(await untilEnd(dribbling)).to.match(/^HTTP\/1.1 504 [^]*request did not complete within requested timeout/);
    clearInterval(timer);
  });

  it('a body that is dribbled over HTTP/2 meets the deadline of its request, and the stream is ended', async () => {
    const headers = { ':method': 'POST', ':path': `${configMaps}?timeout=200ms`, 'content-type': 'application/json' };
    const stream = (await session()).request(headers);
    const timer = setInterval(() => stream.write(' '), 10);
    const [answer] = (await once(stream.resume(), 'response')) as [{ ':status'?: number }];
    await new Promise((resolve) => stream.on('close', resolve));
    clearInterval(timer);
    expect([answer[':status'], stream.rstCode]).to.deep.equal([504, 0]);
  });
});

/** The names of the objects that a watch tells of. */
async function* namesIn(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let line: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const event = Buffer.concat([...line, chunk.subarray(start, end)]).toString();
      yield (JSON.parse(event) as { object: { metadata: { name: string } } }).object.metadata.name;
      line = [];
      start = end + 1;
    }
    line.push(chunk.subarray(start));
  }
}

/** Node raises its own limit to the hard one when it starts. */
function descriptorObstacle(needed: number): string | undefined {
  const limit = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit !== undefined && Number(limit) < needed
    ? `a process may have ${limit} open files here (ulimit -n), and this needs ${needed}`
    : undefined;
}
