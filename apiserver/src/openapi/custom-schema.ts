import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '@coracle/apimachinery/types/apiextensions-v1';
import { itemsOf, valuesOf } from '../customresources/schema-props.ts';
import { metadataText, objectMetaName } from './descriptions.ts';
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
    ? withTypeMeta(publish(props, dialect), meta(objectMetaName))
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
  return new Map([
    [name, { ...item, 'x-kubernetes-group-version-kind': gvk(names.kind) }],
    [name.slice(0, -names.kind.length) + listKind, { ...list, 'x-kubernetes-group-version-kind': gvk(listKind) }],
  ]);
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

/** What v2 clients of old misread: nullable and the combinations go, as does structure where unknown fields are kept. */
function publish(props: JSONSchemaProps, dialect: Dialect): Json {
  const out: Record<string, unknown> = {};
  for (const name of copied) {
    if (props[name] === undefined || (dialect === 'v2' && name === 'nullable')) continue;
    out[name] = props[name];
  }
  if (dialect === 'v2') {
    const keepsUnknown = props['x-kubernetes-preserve-unknown-fields'] === true;
    if (props.nullable === true || props['x-kubernetes-int-or-string'] === true) delete out['type'];
    if (props.nullable === true) return out;
    if (keepsUnknown && props.type === 'object') return out;
  }
  if (props.properties !== undefined) {
    out['properties'] = Object.fromEntries(
      Object.entries(props.properties).map(([name, each]) => [name, publish(each, dialect)]),
    );
  }
  const items = itemsOf(props);
  if (items !== undefined) out['items'] = publish(items, dialect);
  if (props.additionalProperties === true) out['additionalProperties'] = true;
  else {
    const values = valuesOf(props);
    if (values !== undefined) out['additionalProperties'] = publish(values, dialect);
  }
  if (dialect === 'v3') {
    for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
      const parts = props[name];
      if (parts !== undefined) out[name] = parts.map((part) => publish(part, dialect));
    }
    if (props.not !== undefined) out['not'] = publish(props.not, dialect);
  }
  return out;
}
