import type { Duplex } from 'node:stream';
import { StatusError } from '@coracle/apimachinery/errors';
import { decodeBody } from './decode-body.ts';
import { failureOf } from './failure.ts';
import { jsonLines } from './json-lines.ts';
import type { RawWatchEvent, Transport, TransportRequest } from './transport.ts';
import { parseWarnings } from './warnings.ts';

/**
 * The server's neutral request and answer, as far as this side needs them. Declared here because the client imports nothing
 * of the server: the launcher hands the server's `handle` over and the compiler compares the shapes.
 */
export type LoopbackHandle = (request: LoopbackRequest) => Promise<LoopbackResponse>;

export interface LoopbackUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface LoopbackRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: {
    bytes(limitBytes: number): Promise<Uint8Array>;
    readonly object?: unknown;
    stream(): AsyncIterable<Uint8Array>;
  };
  readonly signal: AbortSignal;
  readonly peer: { readonly address: string; readonly trustedUser?: LoopbackUser };
  readonly upgrade?: { readonly socket: Duplex; readonly head: Uint8Array };
}

export interface LoopbackResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body:
    | { readonly type: 'empty' }
    | { readonly type: 'bytes'; readonly chunks: readonly Uint8Array[]; readonly value?: () => unknown }
    | { readonly type: 'stream'; readonly chunks: AsyncIterable<Uint8Array> }
    | { readonly type: 'watch'; readonly frames: AsyncIterable<readonly { readonly value: () => RawWatchEvent }[]> }
    | { readonly type: 'upgraded' };
}

const noHeaders: Readonly<Record<string, string>> = {};
const never = new AbortController().signal;

/** Calls the server in this process as `user`: no socket, no serialisation, the same filters as everybody else. */
export function createLoopbackTransport(handle: LoopbackHandle, user: LoopbackUser): Transport {
  const closing = new AbortController();
  const peer = { address: 'in-process', trustedUser: user };

  const call = async (request: TransportRequest, signal: AbortSignal): Promise<LoopbackResponse> => {
    closing.signal.throwIfAborted();
    signal.throwIfAborted();
    return handle(toLoopbackRequest(request, signal, peer));
  };

  return {
    async request(request, signal = never) {
      const response = await call(request, signal);
      const object = await wholeBody(response);
      if (response.status >= 400) throw failureOf(response.status, object, retryAfter(response));
      return { status: response.status, object, warnings: parseWarnings(response.headers?.warning) };
    },

    watch(request, signal) {
      return events(() => call(request, AbortSignal.any([signal, closing.signal])));
    },

    async stream(request, signal) {
      const response = await call(request, AbortSignal.any([signal, closing.signal]));
      if (response.status >= 400) throw failureOf(response.status, await wholeBody(response), retryAfter(response));
      return byteChunks(response);
    },

    async close() {
      closing.abort(new Error('the transport is closed'));
    },
  };
}

function toLoopbackRequest(
  request: TransportRequest,
  signal: AbortSignal,
  peer: LoopbackRequest['peer'],
): LoopbackRequest {
  const mark = request.path.indexOf('?');
  return {
    method: request.method,
    path: mark < 0 ? request.path : request.path.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : request.path.slice(mark + 1)),
    headers: {
      accept: request.accept ?? 'application/json',
      'content-type': request.contentType ?? (request.body === undefined ? undefined : 'application/json'),
    },
    body: toLoopbackBody(request.body),
    signal,
    peer,
  };
}

function toLoopbackBody(body: unknown): LoopbackRequest['body'] {
  if (body === undefined) return emptyBody;
  const bytes = (): Uint8Array => (body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)));
  return {
    bytes: async () => bytes(),
    async *stream() {
      yield bytes();
    },
    ...(body instanceof Uint8Array ? {} : { object: body }),
  };
}

const emptyBody: LoopbackRequest['body'] = { bytes: async () => new Uint8Array(0), async *stream() {} };

async function* events(begin: () => Promise<LoopbackResponse>): AsyncIterable<RawWatchEvent> {
  const response = await begin();
  if (response.status >= 400) throw failureOf(response.status, await wholeBody(response), retryAfter(response));
  if (response.body.type !== 'watch') {
    for await (const line of jsonLines(byteChunks(response))) yield line as RawWatchEvent;
    return;
  }
  for await (const frames of response.body.frames) {
    for (const frame of frames) yield frame.value();
  }
}

async function wholeBody(response: LoopbackResponse): Promise<unknown> {
  const { body } = response;
  if (body.type === 'bytes' && body.value) return body.value();
  const chunks: Uint8Array[] = [];
  for await (const chunk of byteChunks(response)) chunks.push(chunk);
  return decodeBody(Buffer.concat(chunks).toString('utf8'), response.headers ?? noHeaders);
}

async function* byteChunks({ body }: LoopbackResponse): AsyncIterable<Uint8Array> {
  if (body.type === 'bytes') yield* body.chunks;
  if (body.type === 'stream') yield* body.chunks;
  if (body.type === 'watch') throw new StatusError(unexpectedWatch);
}

const unexpectedWatch = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'a watch is read with Transport.watch',
  reason: 'BadRequest',
  code: 400,
} as const;

function retryAfter(response: LoopbackResponse): number | undefined {
  const text = response.headers?.['retry-after'];
  return text === undefined ? undefined : Number(text);
}
