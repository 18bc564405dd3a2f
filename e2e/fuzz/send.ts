import { Agent, request as request1 } from 'node:https';
import { type ClientHttp2Session, connect as connect2, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { FuzzRequest, HttpFuzzRequest, WireFuzzRequest } from './fuzz-request.ts';
import { adminTls, type ServerProcess } from '../support/index.ts';

/** What came back; status 0 where the connection ended without an answer, -1 where the client would not send it. */
export interface Outcome {
  readonly status: number;
  /** Its first bytes; how the connection ended where there was no answer. */
  readonly body: string;
}

/** A watch is left after this long: it would go on for ever. */
const patienceMs = 400;
/** No answer at all by then is a bug. How long an answer takes is not judged here: the machine may be busy with others. */
const hangMs = 60_000;
/** How long the other side of a broken conversation may say nothing before it is left. */
const wireQuietMs = 40;
const bodyKeptBytes = 4096;

/** Sends requests as the administrator over connections of each kind. */
export class Sender implements Disposable {
  readonly #server: ServerProcess;
  readonly #agent: Agent;
  #session: ClientHttp2Session | undefined;
  /** Why the server last ended a session, as HTTP/2 numbers reasons. */
  #goAwayCode: number | undefined;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ...adminTls(this.#server.pki) });
  }

  send(request: FuzzRequest): Promise<Outcome> {
    if ('bytes' in request) return this.#wire(request);
    return request.transport === 'http1' ? this.#http1(request) : this.#http2(request);
  }

  #http1({ method, path, headers, body }: HttpFuzzRequest): Promise<Outcome> {
    return new Promise((resolve) => {
      const length = body === undefined || method === 'TRACE' ? {} : { 'content-length': String(body.length) };
      let outgoing: ReturnType<typeof request1>;
      try {
        const target = { host: '127.0.0.1', port: this.#server.port, path, method, headers: { ...headers, ...length } };
        outgoing = request1({ ...target, agent: this.#agent });
      } catch {
        resolve({ status: -1, body: '' });
        return;
      }
      let text = '';
      let status = 0;
      let ended = '';
      const done = () => resolve({ status, body: status === 0 ? ended : text });
      const hang = setTimeout(() => outgoing.destroy(), hangMs);
      outgoing.on('response', (response) => {
        status = response.statusCode ?? 0;
        const patience = setTimeout(() => response.destroy(), patienceMs);
        response.on('data', (chunk: Buffer) => {
          if (text.length < bodyKeptBytes) text += chunk.toString('latin1');
        });
        response.on('error', () => {});
        response.on('close', () => {
          clearTimeout(patience);
          clearTimeout(hang);
          done();
        });
      });
      outgoing.on('upgrade', (_response, socket) => socket.destroy());
      outgoing.on('error', (error) => (ended = error.message));
      outgoing.on('close', () => {
        clearTimeout(hang);
        if (status === 0) done();
      });
      outgoing.end(method === 'TRACE' ? undefined : body);
    });
  }

  #http2({ method, path, headers, body }: HttpFuzzRequest): Promise<Outcome> {
    if (this.#session === undefined || this.#session.destroyed || this.#session.closed) {
      this.#session = connect2(this.#server.url, { ...adminTls(this.#server.pki), maxSessionMemory: 100 });
      this.#session.on('error', () => {});
      this.#session.on('goaway', (code) => (this.#goAwayCode = code));
    }
    const session = this.#session;
    return new Promise((resolve) => {
      let text = '';
      let status = 0;
      try {
        const sent: OutgoingHttpHeaders = { ':method': method, ':path': path, ...headers };
        const stream = session.request(sent, { endStream: body === undefined || body.length === 0 });
        const hang = setTimeout(() => stream.destroy(), hangMs);
        let patience: NodeJS.Timeout | undefined;
        stream.on('response', (answer) => {
          status = answer[':status'] ?? 0;
          patience = setTimeout(() => stream.destroy(), patienceMs);
        });
        stream.on('data', (chunk: Buffer) => {
          if (text.length < bodyKeptBytes) text += chunk.toString('latin1');
        });
        stream.on('error', () => {});
        stream.on('close', () => {
          clearTimeout(hang);
          clearTimeout(patience);
          const reset = `the stream was reset with ${stream.rstCode}; the last GOAWAY said ${this.#goAwayCode}`;
          resolve({ status, body: status === 0 ? reset : text });
        });
        if (body !== undefined && body.length > 0) stream.end(body);
      } catch {
        resolve({ status: -1, body: '' });
      }
    });
  }

  /** Bytes on a connection of their own; left when the other side ends it or says nothing any more. */
  #wire({ transport, bytes }: WireFuzzRequest): Promise<Outcome> {
    return new Promise((resolve) => {
      const protocols = transport === 'wire2' ? ['h2'] : ['http/1.1'];
      const socket: TLSSocket = connectTls({
        port: this.#server.port,
        host: '127.0.0.1',
        ALPNProtocols: protocols,
        ...adminTls(this.#server.pki),
      });
      let text = '';
      const hang = setTimeout(() => socket.destroy(), hangMs);
      let quiet: NodeJS.Timeout | undefined;
      const listen = () => {
        clearTimeout(quiet);
        quiet = setTimeout(() => socket.destroy(), wireQuietMs);
      };
      socket.on('secureConnect', () => socket.write(bytes, listen));
      socket.on('data', (chunk: Buffer) => {
        if (text.length < bodyKeptBytes) text += chunk.toString('latin1');
        listen();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(hang);
        clearTimeout(quiet);
        const status = /^HTTP\/1\.\d (\d{3})/.exec(text)?.[1];
        resolve({ status: status === undefined ? -1 : Number(status), body: text });
      });
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#session?.destroy();
  }
}
