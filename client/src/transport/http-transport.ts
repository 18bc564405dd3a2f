import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { identityHeaders } from '@coracle/apimachinery/headers';
import { decodeBody } from './decode-body.ts';
import { failureOf, unreachable } from './failure.ts';
import { jsonLines } from './json-lines.ts';
import type { RawWatchEvent, Transport, TransportRequest } from './transport.ts';
import { parseWarnings } from './warnings.ts';
import { openWebSocket } from './web-socket.ts';

export interface HttpTransportOptions {
  /** `https://127.0.0.1:6443`; a path in it is put before every request's. */
  readonly server: string;
  /** PEM of the authorities that may have signed the server's certificate; the system's own where absent. */
  readonly certificateAuthority?: string;
  /** PEM of the client certificate, with `key`. */
  readonly certificate?: string;
  readonly key?: string;
  /** Bearer token; a function is asked for each request, so that a token may be renewed. */
  readonly token?: string | (() => string | Promise<string>);
  /** Name to expect in the server's certificate where it is not the host of `server`. */
  readonly serverName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly userAgent?: string;
  readonly impersonate?: Impersonation;
}

/** Whom to act as. */
export interface Impersonation {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Idle connections kept open for the next request. */
const freeSocketsMax = 16;

/** Requests over HTTP/1.1 with kept connections, TLS where the server's address says https. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const base = new URL(options.server);
  const prefix = base.pathname.replace(/\/$/, '');
  const tls = tlsOptions(options);
  const isSecure = base.protocol === 'https:';
  const pool = { keepAlive: true, maxFreeSockets: freeSocketsMax, scheduling: 'lifo' as const };
  const agent = isSecure ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool);
  const begin = isSecure ? httpsRequest : httpRequest;
  const closing = new AbortController();

  const headersOf = async (request: TransportRequest): Promise<Record<string, string | string[]>> => ({
    accept: request.accept ?? 'application/json',
    ...(options.userAgent === undefined ? {} : { 'user-agent': options.userAgent }),
    ...(await credentialHeaders(options)),
  });

  const send = async (request: TransportRequest, signal: AbortSignal | undefined): Promise<IncomingMessage> => {
    const body = encodeBody(request.body);
    const headers = await headersOf(request);
    if (body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = String(body.length);
    }
    const ending = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    ending.throwIfAborted();
    return new Promise((resolve, reject) => {
      const path = prefix + request.path;
      const outgoing = begin(base, { agent, method: request.method, path, headers, signal: ending }, resolve);
      outgoing.on('error', (error) => reject(ending.aborted ? ending.reason : unreachable(error)));
      outgoing.end(body);
    });
  };

  /** An answer that is read as it comes; a failure is read whole and thrown. */
  const open = async (request: TransportRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const response = await send(request, signal);
    const status = response.statusCode ?? 0;
    if (status >= 400) throw failureOf(status, await wholeBody(response, signal), retryAfter(response));
    return response;
  };

  return {
    async request(request, signal) {
      const response = await send(request, signal);
      const status = response.statusCode ?? 0;
      const object = await wholeBody(response, signal);
      if (status >= 400) throw failureOf(status, object, retryAfter(response));
      return { status, object, warnings: parseWarnings(response.headers.warning) };
    },

    async *watch(request, signal) {
      const response = await open(request, signal);
      try {
        for await (const line of jsonLines(chunksOf(response, signal))) yield line as RawWatchEvent;
      } finally {
        response.destroy();
      }
    },

    async stream(request, signal) {
      return chunksOf(await open(request, signal), signal);
    },

    async upgrade(request, protocols, signal): Promise<Duplex> {
      const url = `${isSecure ? 'wss' : 'ws'}://${base.host}${prefix}${request.path}`;
      const headers = await headersOf(request);
      return openWebSocket({ url, protocols, headers, tls }, AbortSignal.any([signal, closing.signal]));
    },

    async close() {
      closing.abort(new Error('the transport is closed'));
      agent.destroy();
    },
  };
}

function tlsOptions(options: HttpTransportOptions): AgentOptions {
  return {
    ...(options.certificateAuthority === undefined
      ? {}
      : { ca: options.certificateAuthority, allowPartialTrustChain: true }),
    ...(options.certificate === undefined ? {} : { cert: options.certificate }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    ...(options.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
}

async function credentialHeaders({
  token,
  impersonate,
}: HttpTransportOptions): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {};
  if (token !== undefined) headers.authorization = `Bearer ${typeof token === 'function' ? await token() : token}`;
  if (impersonate === undefined) return headers;
  const { user: username, uid, groups = [], extra = {} } = impersonate;
  return { ...headers, ...identityHeaders('impersonate', { username, uid, groups, extra }) };
}

function encodeBody(body: unknown): Uint8Array | undefined {
  if (body === undefined) return undefined;
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
}

async function wholeBody(response: IncomingMessage, signal: AbortSignal | undefined): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response, signal)) chunks.push(chunk);
  return decodeBody(Buffer.concat(chunks).toString('utf8'), response.headers);
}

/** The bytes of an answer. A connection that breaks before its end is ServiceUnavailable, an aborted signal its reason. */
async function* chunksOf(response: IncomingMessage, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Uint8Array;
  } catch (error) {
    throw signal?.aborted ? signal.reason : unreachable(error);
  }
}

function retryAfter(response: IncomingMessage): number | undefined {
  const seconds = Number(response.headers['retry-after']);
  return Number.isNaN(seconds) ? undefined : seconds;
}
