import { type GoField, type GoPackage, readGoPackage } from './go-source.ts';
import type { OpenApiProperty, OpenApiSchema } from './openapi.ts';
import { type ApiPackage, storedKinds } from './packages.ts';

/**
 * A definition as the table holds it: lines, the first of which may be `@any`, `@atomic`, `@kind` or `@unions <JSON>`, then
 * one line a field:
 *
 *     <json name> <type> [<protobuf number>[.<number>…]] [<flag>…]
 *
 * Types: scalar names, texts of which only some are good `string(TCP|UDP)` (URI-encoded), `any`, a definition (`Container`,
 * `meta.v1.ObjectMeta`), `[]T` (no list type is declared), `[atomic]T`, `[set]T`, `[map=name,protocol]T`, `[wrapped]T` (a list
 * that is a message of its own in protobuf), `{}T`, `{atomic}T` and `{granular}T` (the default, but declared).
 * A number path `2.1` is field 1 of a message at field 2 that JSON does not show.
 * Flags: `!` required, `p` Go pointer, `e` omitempty, `z` omitzero, `a` atomic struct,
 * `g` struct that is declared granular,
 * `:v1.SecretType` name of the Go type where it is no struct, `~merge,retainKeys/name` patch strategy and merge key, `="TCP"` default.
 */
export type DefinitionLines = readonly string[];

/** Go types that are no structs of fields on the wire. */
const namedScalars: Readonly<Record<string, string>> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'micro-time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'int-or-string',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
  'k8s.io/apimachinery/pkg/types.NodeName': 'string',
  'k8s.io/apimachinery/pkg/types.PatchType': 'string',
};

const goScalars: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'boolean',
  int: 'int64',
  int32: 'int32',
  int64: 'int64',
  uint32: 'int64',
  uint8: 'int32',
  float64: 'double',
  '[]byte': 'bytes',
  'interface{}': 'any',
};

/** Structs whose JSON is any value. */
const anyTypes = new Set([
  'runtime.RawExtension',
  'meta.v1.FieldsV1',
  'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaPropsOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray',
  'apiextensions.v1beta1.JSON',
  'apiextensions.v1beta1.JSONSchemaPropsOrArray',
  'apiextensions.v1beta1.JSONSchemaPropsOrBool',
  'apiextensions.v1beta1.JSONSchemaPropsOrStringArray',
]);

/** Structs of the packages read that never appear on the wire. */
const internalTypes =
  /^(runtime\.(?!RawExtension)|meta\.v1\.(InternalEvent|Patch$|Timestamp|Verbs|Time$|MicroTime|Duration|statusError|ControllerRef))/;

type Input = { readonly packages: readonly ApiPackage[]; readonly schemas: ReadonlyMap<string, OpenApiSchema> };

/** All definitions of the packages by short name, `core.v1.PodSpec`. */
export function buildDefinitions({ packages, schemas }: Input): Map<string, DefinitionLines> {
  const sources = new Map(packages.map((api) => [api.importPath, { api, go: readGoPackage(api.folder) }]));
  const definitions = new Map<string, DefinitionLines>();
  for (const { api, go } of sources.values()) {
    const builder = new DefinitionBuilder(api, go, sources, schemas);
    for (const [name, type] of go.types) {
      const short = `${api.name}.${name}`;
      if (type.type !== 'struct' || internalTypes.test(short) || !/^[A-Z]/.test(name)) continue;
      const travels = type.fields.every((field) => field.json !== undefined || field.number !== undefined);
      if (!travels && !anyTypes.has(short)) continue;
      definitions.set(short, builder.lines(name));
    }
  }
  const served = new Set(packages.filter((api) => api.served).map((api) => api.name));
  const reachable = reachableFrom(served, definitions);
  return new Map([...definitions].filter(([short]) => reachable.has(short)));
}

/** Every definition of the served packages, the stored kinds and, of the other packages, what they refer to. */
function reachableFrom(served: ReadonlySet<string>, definitions: ReadonlyMap<string, DefinitionLines>): Set<string> {
  const pending = [...definitions.keys()].filter(
    (short) => served.has(packageOf(short)) || storedKinds.includes(short),
  );
  const reached = new Set(pending);
  for (let short = pending.pop(); short !== undefined; short = pending.pop()) {
    for (const line of definitions.get(short) ?? []) {
      const type = line.split(' ')[1]?.replace(/^([[{][^\]}]*[\]}])+/, '') ?? '';
      const next = type.includes('.') ? type : `${packageOf(short)}.${type}`;
      if (!/(^|\.)[A-Z]/.test(type) || reached.has(next)) continue;
      reached.add(next);
      pending.push(next);
    }
  }
  return reached;
}

const packageOf = (short: string) => short.slice(0, short.lastIndexOf('.'));

type Sources = ReadonlyMap<string, { readonly api: ApiPackage; readonly go: GoPackage }>;

class DefinitionBuilder {
  readonly #api: ApiPackage;
  readonly #go: GoPackage;
  readonly #sources: Sources;
  readonly #schemas: ReadonlyMap<string, OpenApiSchema>;

  constructor(api: ApiPackage, go: GoPackage, sources: Sources, schemas: ReadonlyMap<string, OpenApiSchema>) {
    this.#api = api;
    this.#go = go;
    this.#sources = sources;
    this.#schemas = schemas;
  }

  lines(name: string): DefinitionLines {
    if (anyTypes.has(`${this.#api.name}.${name}`)) return ['@any'];
    const schema = this.#schemas.get(`${this.#api.prefix}.${name}`);
    const lines: string[] = [];
    const type = this.#go.types.get(name);
    if (type?.type !== 'struct') throw new Error(`${name} is no struct`);
    if (schema?.['x-kubernetes-map-type'] === 'atomic' || type.markers.get('structType') === 'atomic')
      lines.push('@atomic');
    const kind = type.fields.some((field) => field.name === '' && /(^|\.)TypeMeta$/.test(field.type));
    if (kind) lines.push('@kind');
    const unions = schema?.['x-kubernetes-unions'];
    if (unions !== undefined) lines.push(`@unions ${JSON.stringify(unions)}`);
    this.#addFields(name, [], schema, lines);
    return lines;
  }

  #addFields(
    name: string,
    around: readonly number[] | undefined,
    schema: OpenApiSchema | undefined,
    lines: string[],
  ): void {
    const type = this.#go.types.get(name);
    if (type?.type === 'named') return this.#addFieldsOf(type.of, around, schema, lines);
    if (type === undefined) throw new Error(`${this.#api.name}.${name} is no struct`);
    for (const field of type.fields) {
      const jsonName = field.json?.[0] ?? '';
      if (jsonName === '-') continue;
      if (jsonName !== '') lines.push(this.#line(field, jsonName, around, schema));
      else if (field.name === '') this.#addInlined(field, around, schema, lines);
    }
  }

  #addInlined(
    field: GoField,
    around: readonly number[] | undefined,
    schema: OpenApiSchema | undefined,
    lines: string[],
  ): void {
    // Without a number (TypeMeta) none of it is in the message: apiVersion and kind travel in the envelope.
    const path = field.number === undefined ? undefined : around && [...around, field.number];
    this.#addFieldsOf(field.type, path, schema, lines);
  }

  /** The fields of a struct that may be of another package. */
  #addFieldsOf(
    type: string,
    around: readonly number[] | undefined,
    schema: OpenApiSchema | undefined,
    lines: string[],
  ): void {
    const [importPath, name] = this.#qualified(type);
    const source = this.#sources.get(importPath);
    if (!source) throw new Error(`${this.#api.name} inlines ${importPath}.${name}, which is not read`);
    new DefinitionBuilder(source.api, source.go, this.#sources, this.#schemas).#addFields(name, around, schema, lines);
  }

  #line(
    field: GoField,
    name: string,
    around: readonly number[] | undefined,
    schema: OpenApiSchema | undefined,
  ): string {
    const property = schema?.properties?.[name];
    const pointer = field.type.startsWith('*');
    const parts = [name, this.#type(pointer ? field.type.slice(1) : field.type, property, field)];
    if (around && field.number !== undefined) parts.push([...around, field.number].join('.'));
    if (schema ? schema.required?.includes(name) : isRequired(field)) parts.push('!');
    if (pointer) parts.push('p');
    if (field.json?.includes('omitempty')) parts.push('e');
    if (field.json?.includes('omitzero')) parts.push('z');
    const isReference = property?.$ref !== undefined || property?.allOf !== undefined;
    if (isReference && property?.['x-kubernetes-map-type'] === 'atomic') parts.push('a');
    if (isReference && property?.['x-kubernetes-map-type'] === 'granular') parts.push('g');
    if (field.patchStrategy || field.patchMergeKey) {
      parts.push(`~${field.patchStrategy ?? ''}${field.patchMergeKey ? `/${field.patchMergeKey}` : ''}`);
    }
    const goName = this.#goName(pointer ? field.type.slice(1) : field.type);
    if (goName !== undefined) parts.push(`:${goName}`);
    const standIn = this.#default(field, property);
    if (standIn !== undefined) parts.push(`=${JSON.stringify(standIn)}`);
    return parts.join(' ');
  }

  /** The Go type where it has a name that JSON does not show: `v1.SecretType`, `[]v1.KeyUsage`. */
  #goName(type: string): string | undefined {
    if (type.startsWith('[]')) {
      const items = this.#goName(type.slice(2).replace(/^\*/, ''));
      return items === undefined ? undefined : `[]${items}`;
    }
    if (goScalars[type] !== undefined || type.startsWith('map[')) return undefined;
    const [importPath, name] = this.#qualified(type);
    const packageName = importPath.slice(importPath.lastIndexOf('/') + 1);
    if (namedScalars[`${importPath}.${name}`] === 'string') return `${packageName}.${name}`;
    const declared = this.#sources.get(importPath)?.go.types.get(name);
    return declared?.type === 'named' ? `${packageName}.${name}` : undefined;
  }

  /** A default that Go declares; one that names a constant has its value in the OpenAPI document. */
  #default(field: GoField, property: OpenApiProperty | undefined): unknown {
    const marker = field.markers.get('default');
    if (marker === undefined) return undefined;
    const value = marker.startsWith('ref(') ? property?.default : JSON.parse(marker);
    if (value === undefined) throw new Error(`${this.#api.name}: the default of ${field.name} has no value`);
    return value;
  }

  #type(type: string, property: OpenApiProperty | undefined, field: GoField | undefined): string {
    const scalar = goScalars[type];
    if (scalar) return property?.enum ? `${scalar}(${property.enum.map(encodeURIComponent).join('|')})` : scalar;
    if (type.startsWith('[]')) {
      const items = this.#type(type.slice(2).replace(/^\*/, ''), property?.items, undefined);
      return `${listPrefix(property, field)}${items}`;
    }
    const map = /^map\[[\w.]+\](.*)$/.exec(type);
    if (map) {
      const mapType = property?.['x-kubernetes-map-type'] ?? field?.markers.get('mapType');
      return `{${mapType ?? ''}}${this.#type(map[1] as string, property?.additionalProperties, undefined)}`;
    }
    return this.#named(type, property, field);
  }

  #named(type: string, property: OpenApiProperty | undefined, field: GoField | undefined): string {
    const [importPath, name] = this.#qualified(type);
    const scalar = namedScalars[`${importPath}.${name}`];
    if (scalar) return scalar;
    const source = this.#sources.get(importPath);
    const declared = source?.go.types.get(name);
    if (!source || !declared) throw new Error(`${this.#api.name} uses ${importPath}.${name}, which is not read`);
    if (declared.type === 'struct')
      return source === this.#sources.get(this.#api.importPath) ? name : `${source.api.name}.${name}`;
    const builder = new DefinitionBuilder(source.api, source.go, this.#sources, this.#schemas);
    const resolved = builder.#type(declared.of, property, field);
    // A named list is a message with one repeated field unless the field itself says it repeats.
    return declared.of.startsWith('[]') && declared.of !== '[]byte' && !field?.repeated
      ? resolved.replace(/^\[[^\]]*\]/, '[wrapped]')
      : resolved;
  }

  #qualified(type: string): [importPath: string, name: string] {
    const dot = type.indexOf('.');
    if (dot < 0) return [this.#api.importPath, type];
    const importPath = this.#go.imports.get(type.slice(0, dot));
    if (!importPath) throw new Error(`${this.#api.name}: no import is called ${type.slice(0, dot)}`);
    return [importPath, type.slice(dot + 1)];
  }
}

function isRequired(field: GoField): boolean {
  return !field.json?.includes('omitempty') && !field.json?.includes('omitzero') && !field.markers.has('optional');
}

function listPrefix(property: OpenApiProperty | undefined, field: GoField | undefined): string {
  const listType = property?.['x-kubernetes-list-type'] ?? field?.markers.get('listType');
  if (listType === undefined) return '[]';
  if (listType !== 'map') return `[${listType}]`;
  const keys = property?.['x-kubernetes-list-map-keys'] ?? field?.markers.get('listMapKey')?.split(',') ?? [];
  return `[map=${keys.join(',')}]`;
}
