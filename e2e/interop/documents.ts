import type { ApiCaller } from '../support/index.ts';
import { aggregated } from './widgets.ts';

/** What a server says of itself, by the name of the document. */
export type Documents = ReadonlyMap<string, unknown>;

interface GroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly versions: readonly { readonly groupVersion: string }[];
  }[];
}

/** /api, /apis, every group and version, and both aggregated documents. */
export async function readDiscovery(api: ApiCaller): Promise<Documents> {
  const documents = new Map<string, unknown>();
  const read = async (path: string, accept = 'application/json', name = path) => {
    const answer = await api.call(path, { headers: { accept } });
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
    documents.set(name, { mediaType: answer.headers['content-type'], document: answer.json() });
    return answer;
  };
  await read('/api');
  await read('/api/v1');
  const { groups } = (await read('/apis')).json<GroupList>();
  for (const { name, versions } of groups) {
    await read(`/apis/${name}`);
    for (const { groupVersion } of versions) await read(`/apis/${groupVersion}`);
  }
  for (const path of ['/api', '/apis']) await read(path, aggregated, `${path} aggregated`);
  return documents;
}

/** The swagger document, and every OpenAPI 3 document that the index names. */
export async function readOpenApi(api: ApiCaller): Promise<Documents> {
  const documents = new Map<string, unknown>();
  const v2 = await api.call('/openapi/v2', { headers: { accept: 'application/json' } });
  documents.set('/openapi/v2', withParameters(v2.json<Swagger>()));
  const index = await api.call('/openapi/v3', { headers: { accept: 'application/json' } });
  const { paths } = index.json<{ readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> }>();
  for (const [name, { serverRelativeURL }] of Object.entries(paths)) {
    documents.set(`/openapi/v3/${name}`, (await api.call(serverRelativeURL)).json());
  }
  return documents;
}

interface Swagger {
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/**
 * The document with its shared parameters where they are referred to: their names hold a hash of all they say, prose too, so
 * that two servers never agree on them.
 */
function withParameters({ parameters = {}, ...document }: Swagger): unknown {
  const prefix = '#/parameters/';
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref } = value as { readonly $ref?: unknown };
    if (typeof $ref === 'string' && $ref.startsWith(prefix)) return parameters[$ref.slice(prefix.length)];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each)]));
  };
  return resolve(document);
}
