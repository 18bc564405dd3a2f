import { pascal, prefixOf, rootOf, tagOf } from './names.ts';
import { objectTypes } from './media-types.ts';
import { type PathItem, pathItem } from './operation.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** `/api/v1/` or `/apis/apps/v1/`: the resources of a group version. */
export function versionRoot(gv: { readonly group: string; readonly version: string }): PathItem {
  return root(
    `${rootOf(gv)}/`,
    `get${prefixOf(gv)}APIResources`,
    tagOf(gv),
    'get available resources',
    'APIResourceList',
  );
}

/** `/apis/apps/`; the core group has none but `/api/`. */
export function groupRoot(group: string): PathItem {
  if (group === '') return root('/api/', 'getCoreAPIVersions', 'core', 'get available API versions', 'APIVersions');
  const name = `get${prefixOf({ group })}APIGroup`;
  return root(`/apis/${group}/`, name, tagOf({ group }), 'get information of a group', 'APIGroup');
}

export const groupsRoot: PathItem = root(
  '/apis/',
  'getAPIVersions',
  'apis',
  'get available API versions',
  'APIGroupList',
);

export const versionPath: PathItem = pathItem('/version/', [
  {
    method: 'get',
    operationId: 'getCodeVersion',
    tag: 'version',
    description: 'get the version information for this server',
    parameters: [],
    consumes: ['application/json'],
    produces: ['application/json'],
    response: 'io.k8s.apimachinery.pkg.version.Info',
    codes: [200],
  },
]);

/** What relying parties of service account tokens read. */
export const openIdPaths: readonly PathItem[] = [
  openId('/.well-known/openid-configuration/', 'Configuration', 'WellKnown', 'application/json'),
  openId('/openid/v1/jwks/', 'Keyset', 'openid', 'application/jwk-set+json'),
];

function openId(path: string, what: string, tag: string, type: string): PathItem {
  return pathItem(path, [
    {
      method: 'get',
      operationId: `getServiceAccountIssuerOpenID${pascal(what)}`,
      tag,
      parameters: [],
      produces: [type],
      response: 'string',
      codes: [200],
    },
  ]);
}

function root(path: string, operationId: string, tag: string, description: string, kind: string): PathItem {
  const response = `${meta}.${kind}`;
  const types = { consumes: objectTypes, produces: objectTypes };
  return pathItem(path, [
    { method: 'get', operationId, tag, description, parameters: [], ...types, response, codes: [200] },
  ]);
}
