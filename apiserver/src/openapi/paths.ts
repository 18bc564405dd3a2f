import { createHash } from 'node:crypto';
import { notAcceptable, unknownPath } from '@coracle/apimachinery/errors';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { documentsV3, documentV2, type OpenApiSource } from './documents.ts';

interface Encoded {
  readonly bytes: Uint8Array;
  /** SHA-512 in upper-case hex, as upstream's ETags and addresses have it. */
  readonly hash: string;
}

const roots = { v2: '/openapi/v2', v3: '/openapi/v3' } as const;

/** Answers /openapi/v2 and /openapi/v3 (kube-openapi `pkg/handler`, `pkg/handler3`). */
export function openApiPaths(source: OpenApiSource): PathHandler {
  const documents = new Documents(source);
  return (context) => {
    const { path } = context.info;
    if (context.request.method !== 'GET' || !path.startsWith('/openapi/')) return undefined;
    if (path === roots.v2) return respond(context, documents.v2());
    if (path === roots.v3 || path === `${roots.v3}/`) return respond(context, documents.index());
    const wanted = path.startsWith(`${roots.v3}/`) ? path.slice(roots.v3.length + 1) : '';
    const document = documents.v3(wanted);
    if (document === undefined) throw unknownPath();
    return respondHashed(context, wanted, document);
  };
}

/** Documents, made when asked for and kept until what is served changes. */
class Documents {
  readonly #source: OpenApiSource;
  readonly #kept = new Map<string, Encoded>();
  #made: ReturnType<typeof documentsV3> = new Map();
  #generation = -1;

  constructor(source: OpenApiSource) {
    this.#source = source;
  }

  v2(): Encoded {
    this.#refresh();
    return this.#encoded(roots.v2, () => documentV2(this.#source));
  }

  /** By the path that the index gives it; undefined where there is none. */
  v3(path: string): Encoded | undefined {
    this.#refresh();
    const make = this.#made.get(path);
    return make && this.#encoded(`${roots.v3}/${path}`, make);
  }

  index(): Encoded {
    this.#refresh();
    const own = [...this.#made].map(
      ([path, make]) => [path, addressOf(path, this.#encoded(`${roots.v3}/${path}`, make).hash)] as const,
    );
    const remote = this.#source
      .remotes()
      .flatMap(({ group, version, v3 }) => (v3 === undefined ? [] : [[`apis/${group}/${version}`, v3] as const]));
    const entries = [...own, ...remote].sort(([a], [b]) => (a < b ? -1 : 1));
    const addresses = entries.map(([path, serverRelativeURL]) => [path, { serverRelativeURL }] as const);
    return this.#encoded(roots.v3, () => ({ paths: Object.fromEntries(addresses) }));
  }

  #refresh(): void {
    const generation = this.#source.generation();
    if (this.#generation === generation) return;
    this.#kept.clear();
    this.#made = documentsV3(this.#source);
    this.#generation = generation;
  }

  #encoded(key: string, make: () => object): Encoded {
    let document = this.#kept.get(key);
    if (document === undefined) {
      const bytes = Buffer.from(JSON.stringify(make()));
      document = { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
      this.#kept.set(key, document);
    }
    return document;
  }
}

function addressOf(path: string, hash: string): string {
  return `${roots.v3}/${path}?hash=${hash}`;
}

/** A document whose hash the client knows never changes; one that has changed has moved. */
function respondHashed(context: RequestContext, path: string, document: Encoded): ApiResponse {
  const asked = context.request.query.get('hash');
  if (asked === null || asked === '') return respond(context, document);
  if (asked !== document.hash) {
    return { status: 301, headers: { location: addressOf(path, document.hash) }, body: { type: 'empty' } };
  }
  return respond(context, document, { 'cache-control': 'public, immutable' });
}

const jsonTypes =
  /(^|,)\s*(\*\/\*|application\/\*|application\/json|application\/com\.github\.proto-openapi\.spec\.v2\.v1\.0\+json)\s*(;|,|$)/;

function respond(
  context: RequestContext,
  { bytes, hash }: Encoded,
  caching: Readonly<Record<string, string>> = { 'cache-control': 'no-cache, private' },
): ApiResponse {
  const { accept, 'if-none-match': condition } = context.request.headers;
  if (accept !== undefined && accept !== '' && !jsonTypes.test(accept)) throw notAcceptable(['application/json']);
  const etag = `"${hash}"`;
  const headers = { etag, vary: 'Accept', ...caching };
  if (condition === etag || condition === hash) return { status: 304, headers, body: { type: 'empty' } };
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/json' },
    body: { type: 'bytes', chunks: [bytes], value: () => JSON.parse(Buffer.from(bytes).toString('utf8')) },
  };
}
