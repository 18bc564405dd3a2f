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
  return schemas;
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
