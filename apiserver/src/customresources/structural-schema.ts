import type { AnySchema, Field, ListSchema, ObjectSchema, ScalarType, Schema } from '@coracle/apimachinery/schema';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { itemsOf, valuesOf } from './schema-props.ts';

/**
 * A custom resource's OpenAPI v3 schema as the structure that every other part of the server reads: codecs, pruning,
 * defaults, apply. Validation of values is in `value-validator.ts` (KEP-1178, apiextensions `schema/convert.go`).
 */
export function structuralSchema(props: JSONSchemaProps | undefined, objectMeta: Schema): ObjectSchema {
  const metadata: Field = { name: 'metadata', schema: objectMeta };
  const root = props === undefined ? preserving() : withMeta(props, metadata, convert(props, metadata));
  return root;
}

/** A version without a schema keeps what it is given (only `v1beta1` of old could make one). */
function preserving(): ObjectSchema {
  return { type: 'object', fields: new Map(), preserveUnknownFields: true };
}

const text: Schema = { type: 'scalar', scalar: 'string' };

/** apiVersion, kind and metadata are there whether the schema says so or not. */
function withMeta(props: JSONSchemaProps, metadata: Field, schema: Schema): ObjectSchema {
  const declared = schema.type === 'object' ? schema : preserving();
  const fields = new Map(declared.fields);
  fields.set('apiVersion', { name: 'apiVersion', schema: text });
  fields.set('kind', { name: 'kind', schema: text });
  fields.set('metadata', metadata);
  const base: ObjectSchema = { ...declared, type: 'object', fields };
  return props['x-kubernetes-preserve-unknown-fields'] === true ? { ...base, preserveUnknownFields: true } : base;
}

function convert(props: JSONSchemaProps, metadata: Field): Schema {
  const schema = withFacts(props, convertType(props, metadata));
  if (props['x-kubernetes-embedded-resource'] !== true) return schema;
  return { ...withMeta(props, metadata, schema), embeddedResource: true };
}

function withFacts(props: JSONSchemaProps, schema: Schema): Schema {
  const facts = {
    ...(props.default === undefined ? {} : { default: props.default }),
    ...(props.nullable === true ? { nullable: true } : {}),
  };
  return Object.keys(facts).length === 0 ? schema : { ...schema, ...facts };
}

const scalarOf: Readonly<Record<string, ScalarType>> = {
  string: 'string',
  boolean: 'boolean',
  integer: 'int64',
  number: 'double',
};
const anything: AnySchema = { type: 'any' };

function convertType(props: JSONSchemaProps, metadata: Field): Schema {
  if (props['x-kubernetes-int-or-string'] === true) return { type: 'scalar', scalar: 'int-or-string' };
  if (props.type === 'object') return convertObject(props, metadata);
  if (props.type === 'array') return convertList(props, metadata);
  // Upstream has no type for texts of a format: any scalar may be applied, and is judged by the rules.
  if (props.type === 'string' && props.format && props.format !== 'byte') {
    return { type: 'scalar', scalar: 'int-or-string' };
  }
  const scalar = scalarOf[props.type ?? ''];
  return scalar === undefined ? anything : { type: 'scalar', scalar };
}

function convertObject(props: JSONSchemaProps, metadata: Field): Schema {
  const atomic = props['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {};
  const values = valuesOf(props);
  if (values !== undefined) return { type: 'map', values: convert(values, metadata), ...atomic };
  const fields = new Map<string, Field>();
  const required = new Set(props.required ?? []);
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    fields.set(name, {
      name,
      schema: convert(property, metadata),
      ...(required.has(name) ? { required: true } : {}),
    });
  }
  const preserve = props['x-kubernetes-preserve-unknown-fields'] === true ? { preserveUnknownFields: true } : {};
  return { type: 'object', fields, ...atomic, ...preserve };
}

function convertList(props: JSONSchemaProps, metadata: Field): ListSchema {
  const items = itemsOf(props);
  const declared = props['x-kubernetes-list-type'];
  const listType = declared === 'map' || declared === 'set' ? declared : 'atomic';
  const keys = props['x-kubernetes-list-map-keys'];
  return {
    type: 'list',
    items: items === undefined ? anything : convert(items, metadata),
    listType,
    ...(listType === 'map' && keys !== undefined ? { mapKeys: keys } : {}),
  };
}
