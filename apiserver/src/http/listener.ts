import * as http2 from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Running } from '@coracle/apimachinery/component';
import { type Clock, systemClock } from '@coracle/apimachinery/clock';
import Koa from 'koa';
import type { ApiRequest, ApiResponse } from './api-request.ts';
import { emptyBody, nodeBody } from './body.ts';
import { type ConnectionLimits, connectionLimits, Connections, sessionOf } from './connections.ts';
import { peerOf } from './peer.ts';
import { UnderWay } from './under-way.ts';
import { leaveBody } from './unread-body.ts';
import { refuseUpgrade } from './upgrade.ts';
import { isGone, type NodeResponse, writeResponse } from './write-response.ts';

export interface ListenOptions {
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly tls: TlsOptions;
  /** Default: upstream's. */
  readonly limits?: Partial<ConnectionLimits>;
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
const headerBytesMax = 1 << 20;
/** What one HTTP/2 connection may have on its way before streams are refused: 250 streams of 256 KiB, as upstream's. */
const sessionMegabytesMax = 64;

type Handle = (request: ApiRequest) => Promise<ApiResponse>;

/** Serves `handle` over HTTPS: HTTP/2 and HTTP/1.1 on one port, upgrades on the latter. */
export async function startListener(
  options: ListenOptions,
  handle: Handle,
  clock: Clock = systemClock,
): Promise<Listener> {
  const underWay = new UnderWay();
  const limits = { ...connectionLimits, ...options.limits };
  const connections = new Connections(clock, limits);
  const server = http2.createSecureServer({
    allowHTTP1: true,
    cert: options.tls.certificate,
    key: options.tls.key,
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: concurrentStreamsMax },
    maxSessionMemory: sessionMegabytesMax,
    maxHeaderListPairs: 256,
    ...(options.tls.clientAuthorities === undefined
      ? {}
      : {
          ca: [...options.tls.clientAuthorities],
          // Whatever is named is believed, be it a root or not, as Go has it.
          allowPartialTrustChain: true,
          requestCert: true,
          rejectUnauthorized: false,
        }),
    ...http1Limits(limits),
  });
  const edge: Edge = { handle, clock, connections, underWay };
  const application = new Koa();
  application.silent = true;
  application.use(async (ctx) => {
    ctx.respond = false;
    await serve(ctx.req as IncomingMessage, ctx.res as NodeResponse, edge);
  });
  const onRequest = application.callback();
  server.on('request', (request, response) => void onRequest(request as never, response as never));
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    void serveUpgrade(message, socket, head, edge);
  });
  connections.track(server);
  await listen(server, options);
  const address = server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return {
    host: address.address,
    port: address.port,
    stop: () => (stopped ??= stop(server, edge)),
  };
}

/** What Node itself watches over. Without a limit for whole requests: the deadline of each says more. */
function http1Limits({ handshakeMs, headersMs, idleMs, checkMs }: ConnectionLimits): object {
  return {
    handshakeTimeout: handshakeMs,
    headersTimeout: headersMs,
    requestTimeout: 0,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: headerBytesMax,
  };
}

function listen(server: http2.Http2SecureServer, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '0.0.0.0', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What serving a request takes. */
interface Edge {
  readonly handle: Handle;
  readonly clock: Clock;
  readonly connections: Connections;
  readonly underWay: UnderWay;
}

async function serve(message: IncomingMessage, out: NodeResponse, edge: Edge): Promise<void> {
  const { handle, clock, connections, underWay } = edge;
  const gone = underWay.begin();
  let sent: (() => void) | undefined;
  let closed = false;
  out.on('close', () => {
    underWay.end(gone);
    closed = true;
    sent?.();
    // Nobody waits for a request that has been answered.
    if (!out.writableEnded) gone.abort(new Error('the client went away'));
  });
  connections.begin(message, out);
  const whenSent = (callback: () => void) => {
    if (closed) callback();
    else sent = callback;
  };
  const request = requestOf(message, gone.signal, { whenSent });
  try {
    const response = await handle(request);
    if (isGone(out)) return;
    leaveBody(message, out, clock);
    const whole = response.body.type === 'bytes';
    if (whole) connections.expectTaken(out);
    await writeResponse(response, out, request.headers['accept-encoding'], gone.signal);
    if (!whole) connections.expectTaken(out);
  } catch {
    out.destroy();
  }
}

async function serveUpgrade(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { handle, underWay }: Edge,
): Promise<void> {
  const gone = underWay.begin();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    underWay.end(gone);
    gone.abort(new Error('the client went away'));
  });
  try {
    const response = await handle(requestOf(message, gone.signal, { upgrade: { socket, head } }));
    if (response.body.type !== 'upgraded') await refuseUpgrade(response, message, socket);
  } catch {
    socket.destroy();
  }
}

const emptyQuery = new URLSearchParams();

type Ways = Pick<ApiRequest, 'upgrade' | 'whenSent'>;

function requestOf(message: IncomingMessage, signal: AbortSignal, { upgrade, whenSent }: Ways): ApiRequest {
  // A client may name the whole of it, as it would to a proxy (RFC 9112, 3.2.2).
  const target = message.url ?? '/';
  const url = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '') || '/';
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
    body: bodyless && upgrade === undefined ? emptyBody : nodeBody(message),
    signal,
    // The compatibility layer of HTTP/2 hides the socket behind a proxy; the session has the real one.
    peer: peerOf((sessionOf(message)?.socket as Socket | undefined) ?? message.socket),
    ...(whenSent === undefined ? {} : { whenSent }),
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}

/** Stops accepting, ends watches through their signals, and lets requests finish. */
function stop(server: http2.Http2SecureServer, { connections, underWay }: Edge): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      connections.stopped();
      resolve();
    });
    underWay.abort(new Error('the server is shutting down'));
    connections.stop();
    closeIdleHttp1(server);
  });
}

function closeIdleHttp1(server: http2.Http2SecureServer): void {
  (server as unknown as { closeIdleConnections?: () => void }).closeIdleConnections?.();
}
