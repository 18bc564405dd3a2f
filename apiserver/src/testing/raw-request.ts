import type { ApiRequest, ApiResponse, UserInfo } from '../http/api-request.ts';
import type { ApiServer } from '../options.ts';

export interface RawCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Texts and bytes are sent as they are, everything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who asks. Default: whom the server's authenticators see. */
  readonly user?: UserInfo;
  readonly signal?: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A request as it would come over a socket: bytes, which nobody looked at yet. */
export async function rawRequest(server: ApiServer, call: RawCall): Promise<RawAnswer> {
  const answer = await server.handle(toRequest(call));
  return { status: answer.status, headers: answer.headers ?? {}, text: textOf(answer) };
}

/** The same, not yet sent: for answers that are read piece by piece. */
export function toRequest({ method, path, body, headers = {}, user, signal }: RawCall): ApiRequest {
  const [route = '', query = ''] = path.split('?', 2);
  const bytes = bytesOf(body);
  return {
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
    signal: signal ?? new AbortController().signal,
    peer: { address: '192.0.2.9', ...(user === undefined ? {} : { trustedUser: user }) },
  };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

function textOf({ body }: ApiResponse): string {
  return body.type === 'bytes' ? Buffer.concat(body.chunks).toString() : '';
}
