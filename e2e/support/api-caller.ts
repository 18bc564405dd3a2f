import { Agent, request } from 'node:https';
import type { ClusterPki, KeyPair } from '@coracle/cluster/pki';

/** An answer as it came over the wire. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body parsed, taken to be what the caller says; throws where it is no JSON. */
  json<T = Readonly<Record<string, unknown>>>(): T;
}

export interface ApiCall {
  readonly method?: string;
  /** A list is sent in a line for each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Objects are sent as JSON; texts and bytes as they are, with the content type that `headers` gives them. */
  readonly body?: object | string | Uint8Array;
}

export const mergePatchHeaders = { 'content-type': 'application/merge-patch+json' };

export interface ApiCallerOptions {
  readonly url: string;
  readonly pki: ClusterPki;
  /** Client certificate to show. Default: the administrator's. */
  readonly identity?: KeyPair | 'none';
}

/** Sends requests as the administrator or as told, byte for byte as told: no client library corrects or retries anything. */
export class ApiCaller implements Disposable {
  readonly #url: string;
  readonly #agent: Agent;

  constructor({ url, pki, identity = pki.admin }: ApiCallerOptions) {
    this.#url = url;
    const shown = identity === 'none' ? {} : { cert: identity.certificate, key: identity.key };
    this.#agent = new Agent({ keepAlive: true, ca: pki.authority.certificate, ...shown });
  }

  /** `path` with its query, `/api/v1/namespaces?limit=5`. Resolves whatever the status is. */
  call(path: string, { method = 'GET', headers = {}, body }: ApiCall = {}): Promise<ApiAnswer> {
    const isBytes = typeof body === 'string' || body instanceof Uint8Array;
    const sent = body === undefined || isBytes ? body : JSON.stringify(body);
    const implied = body === undefined || isBytes ? {} : { 'content-type': 'application/json' };
    const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) };
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, headers: { ...implied, ...length, ...headers } };
      const sending = request(`${this.#url}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: bytes, json: <T>() => JSON.parse(bytes.toString()) as T });
        });
      });
      sending.on('error', reject);
      sending.end(sent);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Creates an object and gives what was made of it; throws where the server does not take it. */
export async function post<T = object>(api: ApiCaller, path: string, body: object): Promise<T> {
  const answer = await api.call(path, { method: 'POST', body });
  if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.body.toString()}`);
  return answer.json<T>();
}

/** What a client shows as the administrator, and whom it believes, as Node's TLS takes it. */
export function adminTls({ authority, admin }: ClusterPki): { ca: string; cert: string; key: string } {
  return { ca: authority.certificate, cert: admin.certificate, key: admin.key };
}
