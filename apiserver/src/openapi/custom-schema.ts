import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '@coracle/apimachinery/types/apiextensions-v1';
import { itemsOf, valuesOf } from '../customresources/schema-props.ts';
import { metadataText, objectMetaName } from './descriptions/index.ts';
import type { Dialect, Json } from './schema-objects.ts';

const listMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

/** Said of every kind, so that `kubectl explain` has something to say. */
const apiVersionField: Json = {
  type: 'string',
  description: 'APIVersion defines the group and version of the schema that this object is written in.',
};
const kindField: Json = {
  type: 'string',
  description: 'Kind is the name of the schema that this object is written in.',
};

/** The two definitions of a custom resource version: its kind and its list (apiextensions `controller/openapi/builder`). */
export function customDefinitions(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  name: string,
  dialect: Dialect,
  reference: (definition: string) => Json,
): ReadonlyMap<string, Json> {
  const { group, names } = definition.spec;
  const props = version.schema?.openAPIV3Schema;
  const listKind = names.listKind ?? `${names.kind}List`;
  const gvk = (kind: string) => [{ group, kind, version: version.name }];
  const meta = (target: string): Json => ({
    description: metadataText,
    ...(dialect === 'v2' ? reference(target) : { allOf: [reference(target)] }),
  });
  const item = isStructured(props, dialect)
    ? withTypeMeta(publish(props, dialect, meta(objectMetaName)), meta(objectMetaName))
    : { type: 'object' };
  const list: Json = {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: apiVersionField,
      items: { type: 'array', items: reference(name) },
      kind: kindField,
      metadata: meta(listMeta),
    },
  };
  const fields = version.selectableFields?.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, '') }));
  const extensions = (kind: string): Json => ({
    'x-kubernetes-group-version-kind': gvk(kind),
    ...(fields === undefined || fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields }),
  });
  return new Map([
    [name, { ...item, ...extensions(names.kind) }],
    [listNameOf(definition, name), { ...list, ...extensions(listKind) }],
  ]);
}

/** The definition of the list beside that of its items. */
export function listNameOf({ spec: { names } }: CustomResourceDefinition, name: string): string {
  return name.slice(0, -names.kind.length) + (names.listKind ?? `${names.kind}List`);
}

/** A client of v2 that is told of some fields takes all others for mistakes: a kind that keeps any field has no structure. */
function isStructured(props: JSONSchemaProps | undefined, dialect: Dialect): props is JSONSchemaProps {
  return props !== undefined && !(dialect === 'v2' && props['x-kubernetes-preserve-unknown-fields'] === true);
}

function withTypeMeta(schema: Json, metadata: Json): Json {
  const properties = { ...(schema['properties'] as Json | undefined) };
  return {
    ...schema,
    type: 'object',
    properties: { ...properties, apiVersion: apiVersionField, kind: kindField, metadata },
  };
}

const copied = [
  'description',
  'type',
  'format',
  'title',
  'default',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'multipleOf',
  'enum',
  'maxProperties',
  'minProperties',
  'required',
  'nullable',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
] as const;

function publish(props: JSONSchemaProps, dialect: Dialect, metadata: Json): Json {
  const inner = (each: JSONSchemaProps) => publish(each, dialect, metadata);
  const out: Record<string, unknown> = {};
  for (const name of copied) if (props[name] !== undefined) out[name] = props[name];
  if (props.properties !== undefined) {
    out['properties'] = Object.fromEntries(Object.entries(props.properties).map(([name, each]) => [name, inner(each)]));
  }
  const items = itemsOf(props);
  if (items !== undefined) out['items'] = inner(items);
  if (props.additionalProperties === true) out['additionalProperties'] = true;
  else {
    const values = valuesOf(props);
    if (values !== undefined) out['additionalProperties'] = inner(values);
  }
  const published = dialect === 'v2' ? readable(props, out) : { ...out, ...combinations(props, inner) };
  return isEmbedded(props, dialect) ? embedded(published, metadata) : published;
}

/** A whole object inside another; a v2 client that is told of some fields takes all others for mistakes. */
function isEmbedded(props: JSONSchemaProps, dialect: Dialect): boolean {
  const keepsUnknown = props['x-kubernetes-preserve-unknown-fields'] === true;
  return props['x-kubernetes-embedded-resource'] === true && !(dialect === 'v2' && keepsUnknown);
}

function embedded(published: Json, metadata: Json): Json {
  const required = new Set([...((published['required'] as readonly string[] | undefined) ?? []), 'kind', 'apiVersion']);
  const properties = { ...(published['properties'] as Json | undefined) };
  return {
    ...published,
    required: [...required],
    properties: { ...properties, apiVersion: apiVersionField, kind: kindField, metadata },
  };
}

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** What v3 can say of several schemas at once; int-or-string is said so where its author has not (`schema.Unfold`). */
function combinations(props: JSONSchemaProps, inner: (each: JSONSchemaProps) => Json): Json {
  const out: Record<string, unknown> = {};
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    const parts = props[name];
    if (parts !== undefined) out[name] = parts.map(inner);
  }
  if (props.not !== undefined) out['not'] = inner(props.not);
  const isSaid = [props.anyOf, props.allOf?.[0]?.anyOf].some(
    (parts) => parts?.map(({ type }) => type).join() === 'integer,string',
  );
  if (props['x-kubernetes-int-or-string'] === true && !isSaid) {
    if (props.anyOf === undefined) out['anyOf'] = intOrString;
    else out['allOf'] = [{ anyOf: intOrString }, ...(props.allOf ?? []).map(inner)];
  }
  return out;
}

/**
 * Without what v2 clients of old misread: defaults, nullable, and structure and types where null or unknown fields are kept
 * (apiextensions `pkg/controller/openapi/v2`).
 */
function readable(props: JSONSchemaProps, published: Json): Json {
  const out = { ...published };
  delete out['default'];
  delete out['nullable'];
  const keepsUnknown = props['x-kubernetes-preserve-unknown-fields'] === true;
  if (props.nullable === true || keepsUnknown) {
    delete out['items'];
    delete out['properties'];
  }
  const isUnstructured =
    (out['items'] === undefined && props.type === 'array') || (keepsUnknown && props.type === 'object');
  if (props.nullable === true || isUnstructured || props['x-kubernetes-int-or-string'] === true) delete out['type'];
  const required = props.required?.filter((name) => props.properties?.[name]?.nullable !== true) ?? [];
  if (required.length === 0 || valuesOf(props)?.nullable === true) delete out['required'];
  else out['required'] = required;
  return out;
}
