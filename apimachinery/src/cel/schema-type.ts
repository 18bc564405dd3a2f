import { escapeProperty } from './property-names.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectField,
  objectType,
  stringType,
  timestampType,
  type Type,
} from './types.ts';

/** As a server publishes it in OpenAPI v3. */
export interface OpenApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly allOf?: readonly OpenApiSchema[];
  readonly $ref?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

const textFormats: Readonly<Record<string, Type>> = {
  byte: bytesType,
  duration: durationType,
  date: timestampType,
  'date-time': timestampType,
};

/** The schema that `#/components/schemas/…` means. */
type Resolve = (reference: string) => OpenApiSchema | undefined;

/**
 * What expressions know of objects of a schema; undefined for one of which they see nothing (k8s.io/apiserver
 * pkg/cel/common/schemas.go). A schema that contains itself is anything where it comes again.
 */
export function schemaType(schema: OpenApiSchema, resolve: Resolve, name: string): Type | undefined {
  return new SchemaTypes(resolve).of(schema, true, name, []);
}

class SchemaTypes {
  readonly #resolve: Resolve;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  of(schema: OpenApiSchema, isRoot: boolean, name: string, within: readonly string[]): Type | undefined {
    const reference = schema.$ref ?? schema.allOf?.find(({ $ref }) => $ref !== undefined)?.$ref;
    if (reference !== undefined) {
      if (within.includes(reference)) return dynType;
      const found = this.#resolve(reference);
      return found && this.of(found, isRoot, name, [...within, reference]);
    }
    if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') return dynType;
    switch (schema.type) {
      case 'array': {
        const element = schema.items && this.#child(schema.items, `${name}.@idx`, within);
        return element && listOf(element);
      }
      case 'object':
        return this.#object(schema, isRoot, name, within);
      case 'string':
        return textFormats[schema.format ?? ''] ?? stringType;
      case 'boolean':
        return boolType;
      case 'number':
        return doubleType;
      case 'integer':
        return intType;
      default:
        return undefined;
    }
  }

  #child(schema: OpenApiSchema, name: string, within: readonly string[]): Type | undefined {
    return this.of(schema, schema['x-kubernetes-embedded-resource'] === true, name, within);
  }

  #object(schema: OpenApiSchema, isRoot: boolean, name: string, within: readonly string[]): Type | undefined {
    const { properties = {}, additionalProperties } = schema;
    if (typeof additionalProperties === 'object') {
      const value = this.#child(additionalProperties, `${name}.@prop`, within);
      return value && mapOf(stringType, value);
    }
    const fields = new Map<string, ObjectField>();
    for (const [jsonName, child] of Object.entries(properties)) {
      const escaped = escapeProperty(jsonName);
      const type = this.#child(child, `${name}.${escaped}`, within);
      if (escaped !== undefined && type !== undefined) fields.set(escaped, { jsonName, type });
    }
    if (isRoot) addNameAndType(fields, name);
    return objectType(name, fields);
  }
}

/** Of a whole object these are always known. */
function addNameAndType(fields: Map<string, ObjectField>, name: string): void {
  const text = (jsonName: string): [string, ObjectField] => [jsonName, { jsonName, type: stringType }];
  for (const [key, field] of [text('apiVersion'), text('kind')]) if (!fields.has(key)) fields.set(key, field);
  if (fields.has('metadata')) return;
  const type = objectType(`${name}.metadata`, new Map([text('name'), text('generateName')]));
  fields.set('metadata', { jsonName: 'metadata', type });
}
