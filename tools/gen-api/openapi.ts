import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { moduleFolder } from './packages.ts';

/** The parts of an OpenAPI v3 property that are facts rather than prose. */
export interface OpenApiProperty {
  readonly $ref?: string;
  readonly allOf?: readonly { readonly $ref: string }[];
  readonly default?: unknown;
  readonly items?: OpenApiProperty;
  readonly additionalProperties?: OpenApiProperty;
  /** Not in the published documents: see `addEnums`. */
  enum?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

export interface OpenApiSchema {
  readonly properties?: Readonly<Record<string, OpenApiProperty>>;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-unions'?: readonly unknown[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string }[];
}

/** All schemas that upstream publishes in its OpenAPI v3 documents, by definition name. */
export function readOpenApiSchemas(): Map<string, OpenApiSchema> {
  const folder = path.join(moduleFolder('kubernetes'), 'api/openapi-spec/v3');
  const schemas = new Map<string, OpenApiSchema>();
  for (const file of readdirSync(folder).sort()) {
    const document = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    const found: Record<string, OpenApiSchema> = document.components?.schemas ?? {};
    for (const [name, schema] of Object.entries(found)) schemas.set(name, schema);
  }
  addEnums(schemas);
  return schemas;
}

/**
 * A server publishes the values of enumerated texts, the checked-in documents leave them out: they come from the generated Go
 * code that the server makes its documents of.
 */
function addEnums(schemas: ReadonlyMap<string, OpenApiSchema>): void {
  const file = path.join(moduleFolder('kubernetes'), 'pkg/generated/openapi/zz_generated.openapi.go');
  let [definition, name] = ['', ''];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, folder = '', area, version, kind] =
      /^func schema_(k8sio_api|pkg_apis)_(\w+?)_(v\d\w*?)_(\w+)\(/.exec(line) ?? [];
    if (line.startsWith('func ')) definition = `${prefixOfFolder[folder]}.${area}.${version}.${kind}`;
    name = /^\t{5}"(\w+)": \{$/.exec(line)?.[1] ?? name;
    const values = /^\t+Enum: +\[\]interface\{\}\{(.*)\},$/.exec(line)?.[1];
    const property = schemas.get(definition)?.properties?.[name];
    if (values !== undefined && property !== undefined) innermost(property).enum = JSON.parse(`[${values}]`);
  }
}

/** How the functions of the generated code call the packages. */
const prefixOfFolder: Readonly<Record<string, string>> = {
  k8sio_api: 'io.k8s.api',
  pkg_apis: 'io.k8s.apiextensions-apiserver.pkg.apis',
};

/** Where the values of a list or a map are described. */
function innermost(property: OpenApiProperty): OpenApiProperty {
  const inside = property.items ?? property.additionalProperties;
  return inside === undefined ? property : innermost(inside);
}

/** The group versions that upstream knows, served or not: each has the options and watch events of meta.v1. */
export function readGroupVersions(): string[] {
  const document = JSON.parse(
    readFileSync(path.join(moduleFolder('kubernetes'), 'api/openapi-spec/swagger.json'), 'utf8'),
  );
  const schema: OpenApiSchema = document.definitions['io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'];
  const kinds = schema['x-kubernetes-group-version-kind'] ?? [];
  return kinds.map(({ group, version }) => (group === '' ? version : `${group}/${version}`));
}
