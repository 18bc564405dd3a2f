import { createHash } from 'node:crypto';
import { notAcceptable, unknownPath } from '@coracle/apimachinery/errors';
import { groupVersion } from '@coracle/apimachinery/schema';
import type { RequestContext } from '../filters/filter.ts';
import type { PathHandler } from '../handlers/root.ts';
import type { ApiResponse } from '../http/api-request.ts';
import { documentV2, documentV3, type OpenApiSource } from './documents.ts';

interface Encoded {
  readonly bytes: Uint8Array;
  /** SHA-512 in upper-case hex, as upstream's ETags and addresses have it. */
  readonly hash: string;
}

const roots = { v2: '/openapi/v2', v3: '/openapi/v3' } as const;

/** Answers /openapi/v2 and /openapi/v3; documents are made when asked for and kept until what is served changes. */
export function openApiPaths(source: OpenApiSource): PathHandler {
  const kept = new Map<string, Encoded>();
  let generation = -1;
  const encoded = (key: string, make: () => object): Encoded => {
    if (generation !== source.generation()) {
      kept.clear();
      generation = source.generation();
    }
    let document = kept.get(key);
    if (document === undefined) {
      const bytes = Buffer.from(JSON.stringify(make()));
      document = { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
      kept.set(key, document);
    }
    return document;
  };
  const groupVersions = (): string[] => [...new Set([...source.resources()].map(({ row }) => pathOf(row)))];
  const v3 = (path: string): Encoded => {
    const [, first = '', second = ''] = /^(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path) ?? [];
    return encoded(path, () => documentV3(source, first, second));
  };
  const address = (path: string, hash: string) =>
    [path, { serverRelativeURL: `${roots.v3}/${path}?hash=${hash}` }] as const;
  const index = () => ({
    paths: Object.fromEntries([
      ...groupVersions().map((path) => address(path, v3(path).hash)),
      ...source.remotes().map((path) => address(path, String(source.generation()))),
    ]),
  });

  return (context) => {
    const { path } = context.info;
    if (context.request.method !== 'GET' || !path.startsWith('/openapi/')) return undefined;
    if (path === roots.v2)
      return respond(
        context,
        encoded('v2', () => documentV2(source)),
      );
    if (path === roots.v3 || path === `${roots.v3}/`) return respond(context, encoded('v3', index));
    const wanted = path.slice(roots.v3.length + 1);
    if (!path.startsWith(`${roots.v3}/`) || !groupVersions().includes(wanted)) throw unknownPath();
    return respond(context, v3(wanted));
  };
}

function pathOf(row: { group: string; version: string }): string {
  return row.group === '' ? `api/${row.version}` : `apis/${groupVersion(row)}`;
}

const jsonTypes =
  /(^|,)\s*(\*\/\*|application\/\*|application\/json|application\/com\.github\.proto-openapi\.spec\.v2\.v1\.0\+json)\s*(;|,|$)/;

function respond(context: RequestContext, { bytes, hash }: Encoded): ApiResponse {
  const { accept, 'if-none-match': condition } = context.request.headers;
  if (accept !== undefined && accept !== '' && !jsonTypes.test(accept)) throw notAcceptable(['application/json']);
  const etag = `"${hash}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'no-cache, private' };
  if (condition === etag || condition === hash) return { status: 304, headers, body: { type: 'empty' } };
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/json' },
    body: { type: 'bytes', chunks: [bytes], value: () => JSON.parse(Buffer.from(bytes).toString('utf8')) },
  };
}
