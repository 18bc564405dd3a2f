import type { ApiRequest, ApiResponse } from '../http/api-request.ts';
import type { ApiServer } from '../options.ts';

export interface RawCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Texts and bytes are sent as they are, everything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A request as it would come over a socket: bytes, which nobody looked at yet. */
export async function rawRequest(server: ApiServer, { method, path, body, headers = {} }: RawCall): Promise<RawAnswer> {
  const [route = '', query = ''] = path.split('?', 2);
  const bytes = bytesOf(body);
  const request: ApiRequest = {
    method,
    path: route,
    query: new URLSearchParams(query),
    headers: { 'content-type': 'application/json', ...headers },
    body: {
      bytes: () => Promise.resolve(bytes),
      async *stream() {
        yield bytes;
      },
    },
    signal: new AbortController().signal,
    peer: { address: '192.0.2.9' },
  };
  const answer = await server.handle(request);
  return { status: answer.status, headers: answer.headers ?? {}, text: textOf(answer) };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

function textOf({ body }: ApiResponse): string {
  return body.type === 'bytes' ? Buffer.concat(body.chunks).toString() : '';
}
