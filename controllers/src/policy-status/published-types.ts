import { type OpenApiSchema, schemaType, type Type } from '@coracle/apimachinery/cel';
import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type { Client } from '@coracle/client/rest';

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, OpenApiSchema>> };
}

const prefix = '#/components/schemas/';

/** What the API server publishes of a kind, built in or custom, as a type; undefined where it publishes nothing. */
export async function publishedType(
  client: Client,
  { group, version, kind }: GroupVersionKind,
  signal: AbortSignal,
): Promise<Type | undefined> {
  const path = group === '' ? `/openapi/v3/api/${version}` : `/openapi/v3/apis/${group}/${version}`;
  const answer = await client.transport.request({ method: 'GET', path, accept: 'application/json' }, signal);
  const schemas = (answer.object as Document | undefined)?.components?.schemas ?? {};
  const schema = Object.values(schemas).find((each) =>
    each['x-kubernetes-group-version-kind']?.some(
      (row) => row.group === group && row.version === version && row.kind === kind,
    ),
  );
  return schema && schemaType(schema, (reference) => schemas[reference.replace(prefix, '')], kind);
}
