import type { AnySchema, Field, ObjectSchema, ScalarSchema, ScalarType, Schema } from '../schema/index.ts';

/** The generated table: see `tools/gen-api/definitions.ts` for the grammar of a definition's lines. */
export interface DefinitionFacts {
  readonly packages: Readonly<Record<string, PackageFacts>>;
  /** All that upstream knows, served or not, `v1` or `apps/v1beta2`. */
  readonly groupVersions: readonly string[];
  readonly definitions: Readonly<Record<string, string>>;
}

export interface PackageFacts {
  /** OpenAPI name prefix, `io.k8s.api.core.v1`. */
  readonly prefix: string;
  readonly group?: string;
  readonly version?: string;
}

const scalarTypes: ReadonlySet<string> = new Set<ScalarType>([
  'string',
  'boolean',
  'int32',
  'int64',
  'double',
  'bytes',
  'quantity',
  'int-or-string',
  'time',
  'micro-time',
  'duration',
]);

/** Schemas of the generated definitions, each built when somebody first asks for it. */
export class DefinitionTable {
  readonly #facts: DefinitionFacts;
  readonly #packageOfPrefix = new Map<string, string>();
  readonly #packageOfVersion = new Map<string, string>();
  readonly #schemas = new Map<string, ObjectSchema | AnySchema>();
  readonly #scalars = new Map<string, ScalarSchema>();
  readonly #any: AnySchema = { type: 'any' };

  constructor(facts: DefinitionFacts) {
    this.#facts = facts;
    for (const [name, { prefix, group, version }] of Object.entries(facts.packages)) {
      this.#packageOfPrefix.set(prefix, name);
      if (group !== undefined) this.#packageOfVersion.set(`${group}/${version}`, name);
    }
  }

  /** All group versions that upstream knows, served or not, in the order of their names. */
  get groupVersions(): readonly string[] {
    return this.#facts.groupVersions;
  }

  /** All OpenAPI definition names, `io.k8s.api.core.v1.Pod`. */
  *names(): Iterable<string> {
    for (const short of Object.keys(this.#facts.definitions)) yield this.#longName(short);
  }

  /** Definition name of a kind; undefined where the table has none of that name. */
  definitionOf(group: string, version: string, kind: string): string | undefined {
    const packageName = this.#packageOfVersion.get(`${group}/${version}`);
    if (packageName !== undefined && this.#facts.definitions[`${packageName}.${kind}`] !== undefined) {
      return this.#longName(`${packageName}.${kind}`);
    }
    const meta = `meta.v1.${kind}`;
    return this.#facts.definitions[meta]?.startsWith('@kind') ? this.#longName(meta) : undefined;
  }

  /** The schema of an OpenAPI definition name. */
  schemaOf(definition: string): ObjectSchema | AnySchema | undefined {
    const dot = definition.lastIndexOf('.');
    const packageName = this.#packageOfPrefix.get(definition.slice(0, dot));
    return packageName === undefined ? undefined : this.#schema(`${packageName}${definition.slice(dot)}`);
  }

  #schema(short: string): ObjectSchema | AnySchema | undefined {
    const known = this.#schemas.get(short);
    if (known) return known;
    const text = this.#facts.definitions[short];
    if (text === undefined) return undefined;
    const schema = this.#build(short, text);
    return schema;
  }

  #build(short: string, text: string): ObjectSchema | AnySchema {
    const name = this.#longName(short);
    const lines = text === '' ? [] : text.split('\n');
    if (lines[0] === '@any') {
      const any: AnySchema = { type: 'any', name };
      this.#schemas.set(short, any);
      return any;
    }
    const fields = new Map<string, Field>();
    const schema: ObjectSchema = {
      type: 'object',
      name,
      fields,
      builtin: true,
      ...(lines.includes('@atomic') && { atomic: true }),
      ...(lines.includes('@kind') && { kind: true }),
      ...unionsOf(lines),
    };
    // Known before its fields are: some definitions contain themselves.
    this.#schemas.set(short, schema);
    const packageName = short.slice(0, short.lastIndexOf('.'));
    for (const line of lines) {
      if (line.startsWith('@')) continue;
      const field = this.#field(line, packageName);
      fields.set(field.name, field);
    }
    return schema;
  }

  #field(line: string, packageName: string): Field {
    const [name, type, ...flags] = line.split(' ') as [string, string, ...string[]];
    const field: Mutable<Field> = { name, schema: this.#type(type, packageName) };
    for (const flag of flags) {
      const first = flag[0] as string;
      if (first === '!') field.required = true;
      else if (first === 'p') field.pointer = true;
      else if (first === 'e') field.omitEmpty = true;
      else if (first === 'z') field.omitZero = true;
      else if (first === 'a') field.schema = { ...(field.schema as ObjectSchema), atomic: true };
      else if (first === 'g') field.schema = asGranular(field.schema as ObjectSchema);
      else if (first === '=') field.schema = { ...field.schema, default: JSON.parse(flag.slice(1)) };
      else if (first === ':') field.goType = flag.slice(1);
      else if (first === '~') addPatchDirectives(field, flag.slice(1));
      else addNumber(field, flag);
    }
    return field;
  }

  #type(type: string, packageName: string): Schema {
    if (type.startsWith('[')) {
      const end = type.indexOf(']');
      const items = this.#type(type.slice(end + 1), packageName);
      const mode = type.slice(1, end);
      if (mode.startsWith('map=')) return { type: 'list', listType: 'map', items, mapKeys: mode.slice(4).split(',') };
      if (mode === 'set' || mode === 'atomic') return { type: 'list', listType: mode, items };
      const undeclared = { type: 'list', listType: 'atomic', items, undeclared: true } as const;
      return mode === 'wrapped' ? { ...undeclared, wrapped: true } : undeclared;
    }
    if (type.startsWith('{')) {
      const end = type.indexOf('}');
      const values = this.#type(type.slice(end + 1), packageName);
      if (end === 1) return { type: 'map', values };
      return { type: 'map', values, [type.slice(1, end) === 'atomic' ? 'atomic' : 'granular']: true };
    }
    if (type === 'any') return this.#any;
    if (type.endsWith(')')) {
      const [scalar, values = ''] = type.slice(0, -1).split('(');
      return { ...this.#scalar(scalar as ScalarType), enum: values.split('|').map(decodeURIComponent) };
    }
    if (scalarTypes.has(type)) return this.#scalar(type as ScalarType);
    const short = type.includes('.') ? type : `${packageName}.${type}`;
    const schema = this.#schema(short);
    if (!schema) throw new Error(`the definition table refers to ${short}, which it does not have: generate it again`);
    return schema;
  }

  #scalar(scalar: ScalarType): ScalarSchema {
    let schema = this.#scalars.get(scalar);
    if (!schema) this.#scalars.set(scalar, (schema = { type: 'scalar', scalar }));
    return schema;
  }

  #longName(short: string): string {
    const dot = short.lastIndexOf('.');
    const prefix = this.#facts.packages[short.slice(0, dot)]?.prefix;
    return `${prefix}${short.slice(dot)}`;
  }
}

function unionsOf(lines: readonly string[]): Pick<ObjectSchema, 'unions'> {
  const line = lines.find((each) => each.startsWith('@unions '));
  return line === undefined ? {} : { unions: JSON.parse(line.slice(8)) as readonly unknown[] };
}

/** Also where its type says that it is atomic everywhere else. */
function asGranular({ atomic: _, ...schema }: ObjectSchema): ObjectSchema {
  return { ...schema, granular: true };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addPatchDirectives(field: Mutable<Field>, text: string): void {
  const [strategies = '', key] = text.split('/');
  if (strategies !== '') field.patchStrategy = strategies.split(',') as NonNullable<Field['patchStrategy']>;
  if (key) field.patchMergeKey = key;
}

function addNumber(field: Mutable<Field>, text: string): void {
  const path = text.split('.').map(Number);
  field.number = path.pop() as number;
  if (path.length > 0) field.within = path;
}
