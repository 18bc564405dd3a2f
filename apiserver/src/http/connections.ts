import type { IncomingMessage } from 'node:http';
import * as http2 from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@coracle/apimachinery/clock';
import { isGone, type NodeResponse } from './write-response.ts';

/** How long a client may keep a connection waiting, in milliseconds. Upstream: apiserver/pkg/server/secure_serving.go. */
export interface ConnectionLimits {
  /** For a TLS handshake: net/http gives it the time of the headers. */
  readonly handshakeMs: number;
  /** For the whole header of an HTTP/1.1 request, which is refused with 408 then. */
  readonly headersMs: number;
  /** Without a request under way; a header that is not whole is none. */
  readonly idleMs: number;
  /** For taking an answer, once it is ready. Upstream counts this into the request's timeout. */
  readonly answerMs: number;
  /** How often connections are looked at. */
  readonly checkMs: number;
}

export const connectionLimits: ConnectionLimits = {
  handshakeMs: 32_000,
  headersMs: 32_000,
  idleMs: 90_000,
  answerMs: 60_000,
  checkMs: 5000,
};

/** What is still running this long after the end was asked for is cut off. */
const shutdownGraceMs = 5000;

interface SessionUse {
  requests: number;
  /** On the monotonic clock; of the moment the last request ended. */
  idleSinceMs: number;
}

/** The connections of one listener: ends those that keep it waiting, and all of them when it stops. */
export class Connections {
  readonly #clock: Clock;
  readonly #limits: ConnectionLimits;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Map<http2.Http2Session, SessionUse>();
  /** Answers that are ready and not yet taken, by when they became so on the monotonic clock. */
  readonly #answers = new Map<NodeResponse, number>();
  #timer: Timer | undefined;

  constructor(clock: Clock, limits: ConnectionLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#check();
  }

  track(server: http2.Http2SecureServer): void {
    server.on('secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    server.on('session', (session: http2.Http2Session) => {
      this.#sessions.set(session, { requests: 0, idleSinceMs: this.#clock.monotonic() });
      session.on('close', () => this.#sessions.delete(session));
      session.on('error', () => session.destroy());
    });
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  }

  /** A request is under way until `out` closes. */
  begin(message: IncomingMessage, out: NodeResponse): void {
    const session = sessionOf(message);
    const use = session && this.#sessions.get(session);
    if (use !== undefined) use.requests++;
    out.on('close', () => {
      this.#answers.delete(out);
      if (use === undefined) return;
      use.requests--;
      use.idleSinceMs = this.#clock.monotonic();
    });
  }

  /** The answer is ready: the client must take it now. */
  expectTaken(out: NodeResponse): void {
    if (!isGone(out)) this.#answers.set(out, this.#clock.monotonic());
  }

  /** Lets requests finish, and cuts off what is left after a while. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(shutdownGraceMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Everything is closed. */
  stopped(): void {
    this.#timer?.cancel();
  }

  #check(): void {
    const now = this.#clock.monotonic();
    for (const [session, use] of this.#sessions) {
      if (use.requests > 0 || now - use.idleSinceMs < this.#limits.idleMs) continue;
      // One that was asked to go and is still there has begun something that does not end.
      if (session.closed) session.destroy();
      else session.close();
    }
    for (const [out, sinceMs] of this.#answers) if (now - sinceMs >= this.#limits.answerMs) out.destroy();
    this.#timer = this.#clock.after(this.#limits.checkMs, () => this.#check());
  }
}

/** The HTTP/2 session of a request; undefined over HTTP/1.1. */
export function sessionOf(message: IncomingMessage): http2.Http2Session | undefined {
  return ((message as unknown as http2.Http2ServerRequest).stream as http2.ServerHttp2Stream | undefined)?.session;
}
