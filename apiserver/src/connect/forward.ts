import * as http from 'node:http';
import * as https from 'node:https';
import { type Duplex, Readable } from 'node:stream';
import type { ApiRequest, ApiResponse } from '../http/api-request.ts';
import { withoutTokens } from '../http/token-protocol.ts';

/** Where a request goes, and how the connection is made. */
export interface Destination {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** With its leading slash and its query. */
  readonly path: string;
  readonly agent: http.Agent | https.Agent;
  readonly headers?: http.OutgoingHttpHeaders;
}

/** Headers that belong to one connection, and those that say who the caller is to this server only. */
const notForwarded = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'authorization',
  'http2-settings',
]);

/** The answer's head, and its body not yet read. */
export interface Forwarded {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly cookies?: readonly string[];
  readonly body: Readable;
}

export function responseOf({ body, ...head }: Forwarded): ApiResponse {
  return { ...head, body: { type: 'stream', chunks: body } };
}

/** Passes a request on and its answer back as it arrives. Rejects where the other side is not reached. */
export function forward(request: ApiRequest, destination: Destination): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const attempt = () => {
      const outgoing = begin(request, destination, forwardedHeaders(request.headers));
      outgoing.on('response', (incoming) => resolve(forwarded(incoming)));
      outgoing.on('error', (error) => {
        if (mayRepeat(request, outgoing, error)) attempt();
        else reject(error);
      });
      sendBody(request, outgoing);
    };
    attempt();
  });
}

/**
 * A kept connection may be closed by the other side just as it is used again: a request that changes nothing is then made on
 * another one, as Go's transport does. It ends with a new connection, whose failure is real.
 */
function mayRepeat(
  { method, signal }: ApiRequest,
  outgoing: http.ClientRequest,
  error: NodeJS.ErrnoException,
): boolean {
  const changesNothing = method === 'GET' || method === 'HEAD';
  return (
    changesNothing && outgoing.reusedSocket && !signal.aborted && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '')
  );
}

/** Passes an upgrade on: bytes flow both ways once the other side agrees. Its refusal is the answer where it does not. */
export function forwardUpgrade(request: ApiRequest, destination: Destination): Promise<ApiResponse> {
  const { upgrade } = request;
  if (upgrade === undefined) throw new TypeError('the request asks for no upgrade');
  return new Promise((resolve, reject) => {
    const headers = {
      ...forwardedHeaders(request.headers),
      connection: 'Upgrade',
      upgrade: request.headers['upgrade'] ?? '',
    };
    const outgoing = begin(request, destination, headers);
    outgoing.on('upgrade', (incoming, socket, head) => {
      upgrade.socket.write(switchingProtocols(incoming));
      if (head.length > 0) upgrade.socket.write(head);
      if (upgrade.head.length > 0) socket.write(upgrade.head);
      join(upgrade.socket, socket);
      resolve({ status: 101, body: { type: 'upgraded' } });
    });
    outgoing.on('response', (incoming) => resolve(responseOf(forwarded(incoming))));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function begin(request: ApiRequest, destination: Destination, headers: http.OutgoingHttpHeaders): http.ClientRequest {
  const { scheme, host, port, path, agent } = destination;
  const module = scheme === 'https' ? https : http;
  return module.request({
    method: request.method,
    host,
    port,
    path,
    agent,
    headers: { ...headers, host: hostHeader(host, port), ...destination.headers },
    signal: request.signal,
    setHost: false,
  });
}

function hostHeader(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function forwardedHeaders(headers: ApiRequest['headers']): http.OutgoingHttpHeaders {
  const forwarded: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || notForwarded.has(name)) continue;
    if (name.startsWith('impersonate-') || name.startsWith('x-remote-')) continue;
    forwarded[name] = name === 'sec-websocket-protocol' ? withoutTokens(value) : value;
  }
  return forwarded;
}

function forwarded(incoming: http.IncomingMessage): Forwarded {
  const { 'set-cookie': cookies, ...others } = incoming.headers;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || notForwarded.has(name)) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { status: incoming.statusCode ?? 502, headers, ...(cookies && { cookies }), body: incoming };
}

function sendBody(request: ApiRequest, outgoing: http.ClientRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    outgoing.end();
    return;
  }
  Readable.from(request.body.stream()).pipe(outgoing);
}

function switchingProtocols(incoming: http.IncomingMessage): string {
  const lines = [`HTTP/1.1 101 ${incoming.statusMessage ?? 'Switching Protocols'}`];
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Bytes of each go to the other; the end or failure of one is the end of both. */
function join(client: Duplex, server: Duplex): void {
  const end = () => {
    client.destroy();
    server.destroy();
  };
  for (const side of [client, server]) {
    side.on('error', end);
    side.on('close', end);
  }
  client.pipe(server);
  server.pipe(client);
}
