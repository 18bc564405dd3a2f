import { descriptionOfField, descriptionOfType } from './descriptions/index.ts';
import type { Field, ObjectSchema, ScalarSchema, ScalarType, Schema } from '@coracle/apimachinery/schema';

export type Json = Readonly<Record<string, unknown>>;
export type Dialect = 'v2' | 'v3';

const named: Partial<Record<ScalarType, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  duration: 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration',
};

const scalars: Readonly<Record<string, Json>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

const zeroOf: Partial<Record<ScalarType, unknown>> = { string: '', boolean: false, int32: 0, int64: 0, double: 0 };

/** Definitions that are no struct: what the named scalars look like on the wire. */
const scalarDefinitions: Readonly<Record<string, (dialect: Dialect) => Json>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': (dialect) =>
    dialect === 'v2' ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': (dialect) =>
    dialect === 'v2'
      ? { type: 'string', format: 'int-or-string' }
      : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': () => ({ type: 'string', format: 'date-time' }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': () => ({ type: 'string', format: 'date-time' }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': () => ({ type: 'string' }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': () => ({ type: 'object' }),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': () => ({}),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': () => ({}),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': () => ({}),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': () => ({}),
};

/** Turns schemas of built-in types into OpenAPI, and remembers which definitions they refer to. */
export class SchemaPrinter {
  readonly #dialect: Dialect;
  readonly #refer: (definition: string) => void;

  constructor(dialect: Dialect, refer: (definition: string) => void) {
    this.#dialect = dialect;
    this.#refer = refer;
  }

  /** The body of a definition; `schema` is undefined for named scalars. */
  definition(name: string, schema: Schema | undefined): Json {
    const scalar = scalarDefinitions[name];
    if (scalar !== undefined) return scalar(this.#dialect);
    return schema?.type === 'object' ? this.#object(schema) : { type: 'object' };
  }

  reference(definition: string): Json {
    this.#refer(definition);
    return { $ref: `${this.#dialect === 'v2' ? '#/definitions' : '#/components/schemas'}/${definition}` };
  }

  #object(schema: ObjectSchema): Json {
    const properties: Record<string, Json> = {};
    const required: string[] = [];
    for (const field of schema.fields.values()) {
      const description =
        schema.name === undefined ? undefined : descriptionOfField(schema.name, schema.kind === true, field.name);
      properties[field.name] = this.#property(field, description);
      if (field.required === true) required.push(field.name);
    }
    const description = schema.name === undefined ? undefined : descriptionOfType(schema.name);
    return {
      ...(description === undefined ? {} : { description }),
      type: 'object',
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
      ...(schema.atomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(schema.unions === undefined ? {} : { 'x-kubernetes-unions': schema.unions }),
    };
  }

  #property(field: Field, description: string | undefined): Json {
    const value = this.#value(field.schema);
    const directives = {
      ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
      ...(field.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': field.patchStrategy.join(',') }),
    };
    const standIn = this.#default(field);
    const { schema } = field;
    const isGranular = schema.type === 'object' && schema.granular === true;
    const extras = {
      ...(description === undefined ? {} : { description }),
      ...(standIn === undefined ? {} : { default: standIn }),
      ...directives,
      ...(isGranular ? { 'x-kubernetes-map-type': 'granular' } : {}),
    };
    if (this.#dialect === 'v2' || !('$ref' in value)) return { ...value, ...extras };
    // In v3 nothing may stand beside a $ref.
    return { allOf: [value], ...extras };
  }

  /** Also the zero value that Go writes where nobody set the field. Clients of v2 are told of no defaults. */
  #default({ schema, pointer, omitEmpty }: Field): unknown {
    if (this.#dialect === 'v2') return undefined;
    if (schema.default !== undefined) return schema.default;
    if (pointer === true) return undefined;
    if (schema.type === 'object' && schema.name !== undefined) return {};
    if (schema.type !== 'scalar' || omitEmpty === true) return undefined;
    return zeroOf[schema.scalar];
  }

  #value(schema: Schema): Json {
    switch (schema.type) {
      case 'object':
        return schema.name === undefined ? this.#object(schema) : this.reference(schema.name);
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.#value(schema.values),
          ...(schema.atomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
          ...(schema.granular === true ? { 'x-kubernetes-map-type': 'granular' } : {}),
        };
      case 'list':
        return {
          type: 'array',
          items: this.#value(schema.items),
          ...(schema.mapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': schema.mapKeys }),
          ...(schema.undeclared === true ? {} : { 'x-kubernetes-list-type': schema.listType }),
        };
      case 'scalar':
        return this.#scalar(schema);
      case 'any':
        return schema.name === undefined ? {} : this.reference(schema.name);
    }
  }

  #scalar(schema: ScalarSchema): Json {
    const definition = named[schema.scalar];
    if (definition !== undefined) return this.reference(definition);
    return { ...scalars[schema.scalar], ...(schema.enum === undefined ? {} : { enum: schema.enum }) };
  }
}
