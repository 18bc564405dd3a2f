import { createHash } from 'node:crypto';
import type { Clock } from '@coracle/apimachinery/clock';
import { notAcceptable, unknownPath } from '@coracle/apimachinery/errors';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { clausesOf } from '../negotiation/accept.ts';
import { documentsV3, documentV2, type OpenApiSource } from './documents.ts';
import { encodeV2, encodeV3 } from './protobuf/index.ts';

/** A document, encoded once in each form that somebody asked for. */
interface Encoded {
  readonly json: Uint8Array;
  /** SHA-512 of the JSON in upper-case hex, as upstream's ETags and addresses have it in either form. */
  readonly hash: string;
  /** Absent where there is no such form: the index. */
  readonly protobuf?: () => Uint8Array;
}

const roots = { v2: '/openapi/v2', v3: '/openapi/v3' } as const;

/** Answers /openapi/v2 and /openapi/v3 (kube-openapi `pkg/handler`, `pkg/handler3`). */
export function openApiPaths(source: OpenApiSource, clock: Clock): PathHandler {
  const documents = new Documents(source);
  return (context) => {
    const { path } = context.info;
    if (context.request.method !== 'GET' || !path.startsWith('/openapi/')) return undefined;
    if (path === roots.v2) return respond(context, documents.v2(), 'v2');
    if (path === roots.v3) return respond(context, documents.index(), 'v3');
    const wanted = path.startsWith(`${roots.v3}/`) ? path.slice(roots.v3.length + 1) : '';
    const document = documents.v3(wanted);
    if (document === undefined) throw unknownPath();
    return respondHashed(context, wanted, document, clock);
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
    return this.#encoded(roots.v2, () => documentV2(this.#source), encodeV2);
  }

  /** By the path that the index gives it; undefined where there is none. */
  v3(path: string): Encoded | undefined {
    this.#refresh();
    const make = this.#made.get(path);
    return make && this.#encoded(`${roots.v3}/${path}`, make, encodeV3);
  }

  index(): Encoded {
    this.#refresh();
    const own = [...this.#made].map(
      ([path, make]) => [path, addressOf(path, this.#encoded(`${roots.v3}/${path}`, make, encodeV3).hash)] as const,
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

  #encoded(key: string, make: () => object, toProtobuf?: (document: object) => Uint8Array): Encoded {
    let document = this.#kept.get(key);
    if (document === undefined) {
      const json = Buffer.from(JSON.stringify(make()));
      const hash = createHash('sha512').update(json).digest('hex').toUpperCase();
      // Made from the JSON when asked for: most clients want one of the two, and neither is worth keeping as an object.
      let bytes: Uint8Array | undefined;
      const protobuf = toProtobuf && (() => (bytes ??= toProtobuf(JSON.parse(json.toString()) as object)));
      document = { json, hash, ...(protobuf === undefined ? {} : { protobuf }) };
      this.#kept.set(key, document);
    }
    return document;
  }
}

function addressOf(path: string, hash: string): string {
  return `${roots.v3}/${path}?hash=${hash}`;
}

/** A document whose hash the client knows never changes; one that has changed has moved. */
function respondHashed(context: RequestContext, path: string, document: Encoded, clock: Clock): ApiResponse {
  const asked = context.request.query.get('hash');
  if (asked === null || asked === '') return respond(context, document, 'v3');
  if (asked !== document.hash) {
    return { status: 301, headers: { location: addressOf(path, document.hash) }, body: { type: 'empty' } };
  }
  const expires = new Date(clock.now());
  expires.setUTCFullYear(expires.getUTCFullYear() + 1);
  return respond(context, document, 'v3', { 'cache-control': 'public, immutable', expires: expires.toUTCString() });
}

function respond(
  context: RequestContext,
  document: Encoded,
  version: 'v2' | 'v3',
  caching: Readonly<Record<string, string>> = {},
): ApiResponse {
  const { accept, 'if-none-match': condition } = context.request.headers;
  const type = mediaTypeFor(accept, document.protobuf === undefined ? undefined : version);
  const etag = `"${document.hash}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'no-cache, private', 'content-type': type, ...caching };
  if (condition === etag) return { status: 304, headers, body: { type: 'empty' } };
  const bytes = type === jsonType || document.protobuf === undefined ? document.json : document.protobuf();
  const value = () => (bytes === document.json ? JSON.parse(Buffer.from(bytes).toString('utf8')) : undefined);
  return { status: 200, headers, body: { type: 'bytes', chunks: [bytes], value } };
}

const jsonType = 'application/json';

/** The first media type of the client's that there is, by its order. Throws NotAcceptable. */
function mediaTypeFor(accept: string | undefined, protobufVersion: 'v2' | 'v3' | undefined): string {
  if (accept === undefined || accept === '') return jsonType;
  const name = `com.github.proto-openapi.spec.${protobufVersion ?? ''}`;
  const protobuf = `application/${name}.v1.0+protobuf`;
  for (const { type, subtype } of clausesOf(accept)) {
    if (type !== 'application' && type !== '*') continue;
    if (subtype === 'json' || subtype === '*') return jsonType;
    // The name with @ is older: it is no media type by the RFC, and clients still send it.
    const isProtobuf = subtype === `${name}.v1.0+protobuf` || subtype === `${name}@v1.0+protobuf`;
    if (protobufVersion !== undefined && isProtobuf) return protobuf;
  }
  throw notAcceptable(protobufVersion === undefined ? [jsonType] : [jsonType, protobuf]);
}
