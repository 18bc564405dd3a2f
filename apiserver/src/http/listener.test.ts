import 'reflect-metadata';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createVirtualClock, type VirtualClock } from '@coracle/client/testing';
import { X509CertificateGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import type { ApiRequest, ApiResponse, ResponseBody } from './api-request.ts';
import { type ConnectionLimits, connectionLimits } from './connections.ts';
import { type Listener, startListener } from './listener.ts';

const { idleMs, answerMs, checkMs } = connectionLimits;
/** Node's own timers do not know our clock: a test waits for these. */
const short = { headersMs: 100, checkMs: 20 };
const large = 16 << 20;

const bytes = (text: string | Buffer): ApiResponse => ({
  status: 200,
  body: { type: 'bytes', chunks: [Buffer.from(text)] },
});

describe('the listener, with clients that keep it waiting', () => {
  let tls: { certificate: string; key: string };
  let clock: VirtualClock;
  let listener: Listener;
  let handle: (request: ApiRequest) => Promise<ApiResponse>;
  const open: { destroy(): void }[] = [];

  before(async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=x',
      keys,
      signingAlgorithm: algorithm,
    });
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    tls = {
      certificate: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`,
    };
  });

  async function start(limits: Partial<ConnectionLimits> = {}): Promise<void> {
    clock = createVirtualClock();
    handle = async ({ path }) => bytes(path);
    listener = await startListener({ host: '127.0.0.1', port: 0, tls, limits }, (request) => handle(request), clock);
  }

  afterEach(async () => {
    for (const each of open.splice(0)) each.destroy();
    await listener.stop();
  });

  /** Until it is stopped, or the test ends. */
  function keepDoing(step: () => unknown): { stop(): void } {
    const timer = setInterval(step, 5);
    open.push({ destroy: () => clearInterval(timer) });
    return { stop: () => clearInterval(timer) };
  }

  async function raw(protocol: 'http/1.1' | 'h2'): Promise<TLSSocket> {
    const socket = connectTls({ port: listener.port, ALPNProtocols: [protocol], rejectUnauthorized: false });
    socket.on('error', () => {});
    open.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  async function http2(): Promise<ClientHttp2Session> {
    const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { rejectUnauthorized: false });
    open.push(session);
    session.on('error', () => {});
    await once(session, 'connect');
    return session;
  }

  /** Everything until the other side ends it. */
  async function untilEnd(socket: Duplex): Promise<string> {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await new Promise((resolve) => socket.on('close', resolve));
    return text;
  }

  async function ask(session: ClientHttp2Session, path: string): Promise<string> {
    const stream = session.request({ ':path': path });
    stream.on('error', () => {});
    return untilEnd(stream);
  }

  it('closes a connection on which no handshake begins', async () => {
    await start({ handshakeMs: 100 });
    const socket = connectTcp(listener.port, '127.0.0.1');
    open.push(socket);
    expect(await untilEnd(socket)).to.equal('');
  });

  it('refuses an HTTP/1.1 header that never comes', async () => {
    await start(short);
    expect(await untilEnd(await raw('http/1.1'))).to.match(/^HTTP\/1.1 408 /);
  });

  it('closes an HTTP/1.1 connection on which a header never ends', async () => {
    await start(short);
    const socket = await raw('http/1.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nA: ');
    const dribble = keepDoing(() => socket.write('b'));
    await untilEnd(socket);
    dribble.stop();
  });

  it('closes an HTTP/1.1 connection that is idle', async () => {
    await start({ idleMs: 50 });
    const socket = await raw('http/1.1');
    socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await untilEnd(socket)).to.match(/^HTTP\/1.1 200 [^]*\/a$/);
  });

  it('closes an HTTP/2 session that is idle, and none with a request under way', async () => {
    await start();
    const idle = await http2();
    const busy = await http2();
    expect(await ask(idle, '/a')).to.equal('/a');
    let answer: (response: ApiResponse) => void = () => {};
    const asked = new Promise<void>((resolve) => {
      handle = () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      };
    });
    const slow = ask(busy, '/b');
    await asked;
    const closed = once(idle, 'close');
    await clock.advance(idleMs - checkMs);
    expect(idle.closed).to.equal(false);
    await clock.advance(2 * checkMs);
    await closed;
    answer(bytes('/b'));
    expect(await slow).to.equal('/b');
  });

  it('closes an HTTP/2 session whose preface or header never ends', async () => {
    await start();
    const silent = await raw('h2');
    const dribbling = await raw('h2');
    const headersWithoutEnd = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
    dribbling.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings, headersWithoutEnd]));
    await once(dribbling, 'data');
    const ended = [untilEnd(silent), untilEnd(dribbling)];
    await clock.advance(idleMs + 2 * checkMs);
    await Promise.all(ended);
  });

  it('serves others on a connection that does not take a large answer', async () => {
    await start();
    handle = async ({ path }) => bytes(path === '/large' ? Buffer.alloc(100 << 20) : path);
    const session = await http2();
    const large = session.request({ ':path': '/large' });
    large.on('error', () => {});
    await once(large, 'response');
    expect(await ask(session, '/a')).to.equal('/a');
  });

  for (const transport of ['http/1.1', 'h2'] as const) {
    it(`ends an answer over ${transport} that is not taken`, async () => {
      await start();
      const answered = new Promise<void>((resolve) => {
        handle = async ({ signal }) => {
          signal.addEventListener('abort', () => resolve());
          return bytes(Buffer.alloc(large));
        };
      });
      if (transport === 'http/1.1') {
        const socket = await raw(transport);
        socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      } else (await http2()).request({ ':path': '/' }).on('error', () => {});
      const later = keepDoing(() => clock.advance(answerMs));
      await answered;
      later.stop();
    });
  }

  it('tells a client to stop sending a body that nobody wants: HTTP/1.1 is answered, then closed', async () => {
    await start();
    const socket = await raw('http/1.1');
    socket.write('POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const more = keepDoing(() => socket.write(`1000\r\n${'x'.repeat(0x1000)}\r\n`));
    const later = keepDoing(() => clock.advance(100));
    expect(await untilEnd(socket)).to.match(/^HTTP\/1.1 200 [^]*connection: close[^]*\/a$/i);
    more.stop();
    later.stop();
  });

  it('tells a client to stop sending a body that nobody wants: the HTTP/2 stream ends without an error', async () => {
    await start();
    const session = await http2();
    const stream = session.request({ ':method': 'POST', ':path': '/a' });
    stream.write('x');
    const later = keepDoing(() => clock.advance(100));
    expect(await untilEnd(stream)).to.equal('/a');
    expect(stream.rstCode).to.equal(0);
    later.stop();
    expect(await ask(session, '/b')).to.equal('/b');
  });

  it('does not reset an HTTP/2 stream before the end of its answer is out, nor one whose request is whole', async () => {
    await start();
    const frames = { data: 0, rst: 3 };
    const seen = async (flags: number) => {
      const socket = await raw('h2');
      const types: string[] = [];
      const header = Buffer.from([0x82, 0x84, 0x87, 0x41, 1, 0x78]);
      const head = Buffer.from([0, 0, header.length, 1, flags, 0, 0, 0, 1]);
      const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
      let received = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        for (let length = 0; received.length >= 9; received = received.subarray(9 + length)) {
          length = received.readUIntBE(0, 3);
          if (received.length < 9 + length) return;
          const [type, flag = 0] = received.subarray(3, 5);
          if (type === frames.data) types.push((flag & 1) === 1 ? 'end' : 'data');
          if (type === frames.rst) types.push('reset');
        }
      });
      socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings, head, header]));
      const later = keepDoing(() => clock.advance(100));
      while (!types.includes((flags & 1) === 1 ? 'end' : 'reset')) await once(socket, 'data');
      later.stop();
      return types.filter((type) => type !== 'data');
    };
    const [endHeaders, endStream] = [4, 1];
    expect(await seen(endHeaders | endStream)).to.deep.equal(['end']);
    expect(await seen(endHeaders)).to.deep.equal(['end', 'reset']);
  });

  const event = Buffer.from('event');
  const frame = { bytes: event, value: () => ({ type: 'ADDED', object: {} }) };
  const bodies: readonly ResponseBody[] = [
    { type: 'bytes', chunks: [event] },
    { type: 'stream', chunks: iterate(event) },
    { type: 'watch', frames: iterate([frame]), ended: new AbortController().signal },
  ];
  for (const body of bodies) {
    it(`answers a HEAD of what has something to tell at once: ${body.type}`, async () => {
      await start();
      handle = async () => ({ status: 200, body });
      const stream = (await http2()).request({ ':path': '/', ':method': 'HEAD' });
      const closed = once(stream, 'close').then(() => 'no answer');
      const status = once(stream, 'response').then(([headers]) => (headers as { ':status': number })[':status']);
      expect(await Promise.race([status, closed])).to.equal(200);
    });
  }

  it('ends a watch that is over though its client reads nothing', async () => {
    await start();
    const ended = new AbortController();
    let returned: () => void = () => {};
    const over = new Promise<void>((resolve) => (returned = resolve));
    async function* frames() {
      try {
        for (;;) yield [{ bytes: Buffer.alloc(1 << 20), value: () => ({ type: 'ADDED', object: {} }) }];
      } finally {
        returned();
      }
    }
    handle = async () => ({ status: 200, body: { type: 'watch', frames: frames(), ended: ended.signal } });
    const stream = (await http2()).request({ ':path': '/' });
    stream.on('error', () => {});
    await once(stream, 'response');
    ended.abort();
    await over;
    const closed = once(stream, 'close');
    await clock.advance(answerMs + 2 * checkMs);
    stream.resume();
    await closed;
  });
});

const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

async function* iterate<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
