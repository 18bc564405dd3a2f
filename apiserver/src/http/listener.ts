import * as http2 from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Running } from '@coracle/apimachinery/component';
import { type Clock, systemClock } from '@coracle/apimachinery/clock';
import Koa from 'koa';
import type { ApiRequest, ApiResponse, Upgrade } from './api-request.ts';
import { emptyBody, nodeBody } from './body.ts';
import { peerOf } from './peer.ts';
import { refuseUpgrade } from './upgrade.ts';
import { type NodeResponse, writeResponse } from './write-response.ts';

export interface ListenOptions {
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly tls: TlsOptions;
}

export interface TlsOptions {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** PEM bundles that client certificates are checked against; none are asked for without one. */
  readonly clientAuthorities?: readonly string[];
}

export interface Listener extends Running {
  readonly host: string;
  readonly port: number;
}

/** Streams one HTTP/2 connection may have open at once, upstream's figure. */
const concurrentStreamsMax = 250;
/** A client that has not sent its whole header by then is cut off. */
const headersTimeoutMs = 32_000;
/** Idle HTTP/1.1 connections stay open this long; above client-go's 90 s so that the client closes first. */
const keepAliveTimeoutMs = 180_000;
const headerBytesMax = 1 << 20;
/** Requests still running this long after stop() are cut off. */
const shutdownGraceMs = 5000;

type Handle = (request: ApiRequest) => Promise<ApiResponse>;

/** Serves `handle` over HTTPS: HTTP/2 and HTTP/1.1 on one port, upgrades on the latter. */
export async function startListener(
  options: ListenOptions,
  handle: Handle,
  clock: Clock = systemClock,
): Promise<Listener> {
  const stopping = new AbortController();
  const server = http2.createSecureServer({
    allowHTTP1: true,
    cert: options.tls.certificate,
    key: options.tls.key,
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: concurrentStreamsMax },
    maxHeaderListPairs: 256,
    ...(options.tls.clientAuthorities === undefined
      ? {}
      : { ca: [...options.tls.clientAuthorities], requestCert: true, rejectUnauthorized: false }),
    ...http1Limits,
  });
  const application = new Koa();
  application.silent = true;
  application.use(async (ctx) => {
    ctx.respond = false;
    await serve(ctx.req as IncomingMessage, ctx.res as NodeResponse, handle, stopping.signal);
  });
  const onRequest = application.callback();
  server.on('request', (request, response) => void onRequest(request as never, response as never));
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    void serveUpgrade(message, socket, head, handle, stopping.signal);
  });
  const connections = trackConnections(server);
  await listen(server, options);
  const address = server.address() as AddressInfo;
  return {
    host: address.address,
    port: address.port,
    stop: () => stop(server, connections, stopping, clock),
  };
}

const http1Limits = {
  headersTimeout: headersTimeoutMs,
  keepAliveTimeout: keepAliveTimeoutMs,
  maxHeaderSize: headerBytesMax,
};

function listen(server: http2.Http2SecureServer, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '0.0.0.0', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function serve(
  message: IncomingMessage,
  out: NodeResponse,
  handle: Handle,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const onStop = () => gone.abort(new Error('the server is shutting down'));
  stopping.addEventListener('abort', onStop, { once: true });
  out.on('close', () => {
    stopping.removeEventListener('abort', onStop);
    // Nobody waits for a request that has been answered.
    if (!out.writableEnded) gone.abort(new Error('the client went away'));
  });
  const request = requestOf(message, gone.signal, undefined, () => endAfterAnswer(out));
  try {
    const response = await handle(request);
    if (out.destroyed) return;
    // A body that nobody wanted: unread it would be held, and count against its connection.
    if (!message.readableEnded) message.resume();
    await writeResponse(response, out, request.headers['accept-encoding'], gone.signal);
  } catch {
    out.destroy();
  }
}

/** Over HTTP/2 a client is told to stop sending a body that nobody wants; over HTTP/1.1 it can only be read to its end. */
function endAfterAnswer(out: NodeResponse): void {
  const { stream } = out as http2.Http2ServerResponse;
  if (stream !== undefined) out.on('finish', () => stream.close(http2.constants.NGHTTP2_NO_ERROR));
}

async function serveUpgrade(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  handle: Handle,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const onStop = () => gone.abort(new Error('the server is shutting down'));
  stopping.addEventListener('abort', onStop, { once: true });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    stopping.removeEventListener('abort', onStop);
    gone.abort(new Error('the client went away'));
  });
  try {
    const response = await handle(requestOf(message, gone.signal, { socket, head }));
    if (response.body.type !== 'upgraded') await refuseUpgrade(response, message, socket);
  } catch {
    socket.destroy();
  }
}

const emptyQuery = new URLSearchParams();

function requestOf(
  message: IncomingMessage,
  signal: AbortSignal,
  upgrade?: Upgrade,
  leaveBody?: () => void,
): ApiRequest {
  const url = message.url ?? '/';
  const question = url.indexOf('?');
  const method = message.method ?? 'GET';
  const bodyless = method === 'GET' || method === 'HEAD';
  return {
    method,
    path: question < 0 ? url : url.slice(0, question),
    uri: url,
    query: question < 0 ? emptyQuery : new URLSearchParams(url.slice(question + 1)),
    headers: message.headers as Readonly<Record<string, string | undefined>>,
    rawHeaders: message.rawHeaders,
    body: bodyless && upgrade === undefined ? emptyBody : nodeBody(message, leaveBody),
    signal,
    peer: peerOf(socketOf(message)),
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}

/** Over HTTP/2 the compatibility layer hides the socket behind a proxy; the session has the real one. */
function socketOf(message: IncomingMessage): Socket {
  const stream = (message as unknown as http2.Http2ServerRequest).stream as http2.ServerHttp2Stream | undefined;
  return (stream?.session?.socket as Socket | undefined) ?? message.socket;
}

interface Connections {
  readonly sockets: ReadonlySet<Socket>;
  readonly sessions: ReadonlySet<http2.Http2Session>;
}

function trackConnections(server: http2.Http2SecureServer): Connections {
  const sockets = new Set<Socket>();
  const sessions = new Set<http2.Http2Session>();
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('session', (session: http2.Http2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  return { sockets, sessions };
}

/** Stops accepting, ends watches through their signals, lets requests finish, and cuts off what is left after a while. */
function stop(
  server: http2.Http2SecureServer,
  connections: Connections,
  stopping: AbortController,
  clock: Clock,
): Promise<void> {
  if (stopping.signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = clock.after(shutdownGraceMs, () => {
      for (const socket of connections.sockets) socket.destroy();
    });
    server.close(() => {
      cut.cancel();
      resolve();
    });
    stopping.abort();
    for (const session of connections.sessions) session.close();
    closeIdleHttp1(server);
  });
}

function closeIdleHttp1(server: http2.Http2SecureServer): void {
  (server as unknown as { closeIdleConnections?: () => void }).closeIdleConnections?.();
}
