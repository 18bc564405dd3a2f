/**
 * The one structural description of a type. Built-in kinds get theirs from the generated fact tables, custom resources
 * from their OpenAPI v3 schema; codecs, strict validation, pruning, defaulting, strategic merge, server-side apply,
 * OpenAPI publishing and explain read nothing else.
 */
export type Schema = ObjectSchema | MapSchema | ListSchema | ScalarSchema | AnySchema;

interface SchemaBase {
  /** A JSON value that stands in for an absent one. Never shared: copy before handing it out. */
  readonly default?: unknown;
  readonly nullable?: boolean;
}

export interface ObjectSchema extends SchemaBase {
  readonly type: 'object';
  /** OpenAPI definition name, for example `io.k8s.api.core.v1.PodSpec`; absent on inline custom-resource schemas. */
  readonly name?: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** `x-kubernetes-map-type: atomic`: server-side apply owns it as a whole. */
  readonly atomic?: boolean;
  /** `x-kubernetes-preserve-unknown-fields`: unknown fields stay and are no error. */
  readonly preserveUnknownFields?: boolean;
  /** `x-kubernetes-embedded-resource`: apiVersion, kind and metadata are implied. */
  readonly embeddedResource?: boolean;
  /** From the generated table: its objects follow Go's rules of types and zero values, custom ones stay as they were given. */
  readonly builtin?: boolean;
  /** `apiVersion` and `kind` belong to it: it can be a body of its own. */
  readonly kind?: boolean;
  /** `x-kubernetes-map-type: granular`: says what is so anyway; published as it was declared. */
  readonly granular?: boolean;
  /** `x-kubernetes-unions`: published as it was declared. */
  readonly unions?: readonly unknown[];
}

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required?: boolean;
  /** Protobuf field number; absent for custom resources and for apiVersion and kind, which travel in the envelope. */
  readonly number?: number;
  /** Numbers of the protobuf messages around this field that JSON does not show (`json:",inline"`), outermost first. */
  readonly within?: readonly number[];
  /** Go pointer: an empty value is kept apart from an absent one. */
  readonly pointer?: boolean;
  /** Go `json:",omitempty"`: a zero value, an empty list or map (but no empty struct) is not written. */
  readonly omitEmpty?: boolean;
  /** Go `json:",omitzero"`: a struct whose fields are all zero is not written. */
  readonly omitZero?: boolean;
  /** Name of the Go type where it is no struct, which messages show: `v1.SecretType`, `[]v1.KeyUsage`. */
  readonly goType?: string;
  /** Strategic merge patch directives of Go's `patchStrategy` tag. */
  readonly patchStrategy?: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey?: string;
}

export interface MapSchema extends SchemaBase {
  readonly type: 'map';
  readonly values: Schema;
  readonly atomic?: boolean;
  /** As `ObjectSchema.granular`. */
  readonly granular?: boolean;
}

export interface ListSchema extends SchemaBase {
  readonly type: 'list';
  readonly items: Schema;
  /** `x-kubernetes-list-type`; a list without one is atomic. */
  readonly listType: 'atomic' | 'set' | 'map';
  /** Nobody declared the list type: what is published does not either. */
  readonly undeclared?: boolean;
  readonly mapKeys?: readonly string[];
  /** A named Go list: in protobuf a message of its own, whose field 1 repeats. */
  readonly wrapped?: boolean;
}

export interface ScalarSchema extends SchemaBase {
  readonly type: 'scalar';
  readonly scalar: ScalarType;
  /** Published; what is refused and how is the kind's validation's to say. */
  readonly enum?: readonly unknown[];
}

/** JSON scalars plus the few named types that protobuf encodes in a way of their own. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'int-or-string'
  | 'time'
  | 'micro-time'
  | 'duration';

/** Any JSON: RawExtension, FieldsV1, JSON of apiextensions, preserve-unknown-fields without a type. */
export interface AnySchema extends SchemaBase {
  readonly type: 'any';
  /** OpenAPI definition name where there is one: protobuf encodes each in a way of its own. */
  readonly name?: string;
}
