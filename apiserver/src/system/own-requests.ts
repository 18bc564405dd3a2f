import { type Status, StatusError } from '@coracle/apimachinery/errors';
import type { ApiRequest, ApiResponse, RequestBody } from '../http/api-request.ts';
import { emptyBody } from '../http/body.ts';
import { serverUser } from '../registry/stored-writers.ts';

export interface OwnRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: object;
}

/** Throws StatusError where the answer is a failure. */
export type SendOwnRequest = (request: OwnRequest, signal: AbortSignal) => Promise<void>;

/**
 * Requests that upstream's server makes to itself over its loopback client, as `system:apiserver`: unlike what `Writers`
 * do, they pass every filter, admission and field management.
 */
export function ownRequests(handle: (request: ApiRequest) => Promise<ApiResponse>): SendOwnRequest {
  return async ({ method, path, query = {}, contentType = 'application/json', body }, signal) => {
    const { status, body: answer } = await handle({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { accept: 'application/json', 'content-type': contentType },
      body: body === undefined ? emptyBody : bodyOf(body),
      signal,
      peer: { address: 'in-process', trustedUser: serverUser },
    });
    if (status >= 400) throw failure(status, answer.type === 'bytes' ? answer.value?.() : undefined);
  };
}

function bodyOf(object: object): RequestBody {
  const bytes = () => Buffer.from(JSON.stringify(object));
  return {
    object,
    bytes: async () => bytes(),
    async *stream() {
      yield bytes();
    },
  };
}

function failure(code: number, answer: unknown): StatusError {
  if ((answer as Status | undefined)?.kind === 'Status') return new StatusError(answer as Status);
  const message = typeof answer === 'string' ? answer : `the server answered itself with code ${code}`;
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code });
}
