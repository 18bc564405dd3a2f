import { goJson } from '../errors/index.ts';
import { parseJson, setField } from '../json/index.ts';
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, ScalarType, Schema } from '../schema/index.ts';
import { DecodeError } from './decode-error.ts';
import { duplicateFields } from './duplicates.ts';
import { canonicalScalar, jsonType, wrappedInteger } from './scalars.ts';

export { DecodeError, type Mismatch } from './decode-error.ts';

export interface Decoded {
  /** Plain data that belongs to the caller, without unknown fields and nulls, scalars in canonical form. */
  readonly object: Record<string, unknown>;
  /** Messages in upstream's words, `unknown field "spec.foo"` and `duplicate field "spec.replicas"`; usually empty. */
  readonly strictErrors: readonly string[];
}

export interface DecodeOptions {
  /** Whether duplicate fields are looked for; false saves the second look at the text. Default true. */
  readonly strict?: boolean;
}

export interface CheckOptions {
  /**
   * As where Go converts rather than decodes: integers that are too large lose their upper bits, and paths of unknown fields
   * leave out keys of maps. Default false: such integers are refused.
   */
  readonly converts?: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: false });
/** As upstream: a hostile body must not make a megabyte of warnings. */
const strictErrorsMax = 100;

/** Decodes a JSON body along its schema. Throws DecodeError for malformed JSON and for values of the wrong type. */
export function decodeStrict(body: string | Uint8Array, schema: ObjectSchema, options: DecodeOptions = {}): Decoded {
  const text = typeof body === 'string' ? body : utf8.decode(body);
  const value = parse(text) ?? {};
  // Before the walk, which takes fields out.
  const paths = options.strict === false ? [] : duplicateFields(text, value);
  const decoded = checkObject(value, schema);
  if (paths.length === 0) return decoded;
  const told = (some: readonly string[]) => some.map((path) => `duplicate field ${JSON.stringify(path)}`);
  // Upstream tells as it reads: what an object says it is comes before its content.
  const isRoot = (path: string) => !path.includes('.');
  const first = told(paths.filter(isRoot));
  const last = told(paths.filter((path) => !isRoot(path)));
  return {
    object: decoded.object,
    strictErrors: [...first, ...decoded.strictErrors, ...last].slice(0, strictErrorsMax),
  };
}

/** The same for a value that is parsed already (YAML, the outcome of a patch). `value` is changed in place. */
export function checkObject(value: unknown, schema: ObjectSchema, options: CheckOptions = {}): Decoded {
  const walk = new Walk(schema.builtin !== true, options.converts === true);
  const object = walk.object(value, schema) as Record<string, unknown>;
  return { object, strictErrors: walk.strictErrors };
}

/** The message of a request that `fieldValidation=Strict` refuses. */
export function strictDecodingError(strictErrors: readonly string[]): string {
  return `strict decoding error: ${strictErrors.join(', ')}`;
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new DecodeError(`json: ${(error as Error).message}`);
  }
}

/** One pass over one body. Keeps the path to where it is as a stack, which is read only when something is wrong. */
class Walk {
  readonly strictErrors: string[] = [];
  /** A field of a struct, a key of a map, or a position in a list. */
  readonly #path: (Field | string | number)[] = [];
  #struct: ObjectSchema | undefined;
  readonly #isCustom: boolean;
  readonly #converts: boolean;

  constructor(isCustom: boolean, converts: boolean) {
    this.#isCustom = isCustom;
    this.#converts = converts;
  }

  object(value: unknown, schema: ObjectSchema): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      if (schema.builtin !== true) return value;
      throw this.#typeError(value, jsonType(value), goType(schema), schema);
    }
    const outer = this.#struct;
    this.#struct = schema;
    const object = value as Record<string, unknown>;
    let dropped = false;
    for (const name in object) {
      const field = schema.fields.get(name);
      if (field === undefined) {
        if (schema.preserveUnknownFields === true) continue;
        this.#unknown(name);
        object[name] = undefined;
        dropped = true;
        continue;
      }
      if (object[name] === null && (schema.builtin === true || meansAbsent(field.schema))) {
        object[name] = undefined;
        dropped = true;
        continue;
      }
      this.#field(object, field, schema.builtin === true);
    }
    this.#struct = outer;
    return dropped ? withoutUndefined(object) : object;
  }

  #field(object: Record<string, unknown>, field: Field, builtin: boolean): void {
    const item = object[field.name];
    this.#path.push(field);
    const next =
      field.name === 'metadata' && this.#struct?.embeddedResource === true
        ? this.#embedded(item, field.schema)
        : this.#value(item, field.schema, builtin);
    if (next !== item) object[field.name] = next;
    this.#path.pop();
  }

  /** Metadata of an object within a custom resource is decoded by itself. */
  #embedded(metadata: unknown, schema: Schema): unknown {
    const depth = this.#path.length;
    try {
      return this.#value(metadata, schema, false);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // What failed below has left its steps.
      const steps = this.#path.slice(0, depth);
      const path = steps.map((step) => (typeof step === 'object' ? step.name : step)).join('.');
      throw new DecodeError(`${path}: Invalid value: ${goJson(metadata)}: ${error.message}`, error.mismatch);
    }
  }

  #value(value: unknown, schema: Schema, builtin: boolean): unknown {
    switch (schema.type) {
      case 'object':
        return this.object(value, schema);
      case 'list':
        return this.#list(value, schema, builtin);
      case 'map':
        return this.#map(value, schema, builtin);
      case 'scalar':
        if (!builtin || (schema.scalar === 'string' && typeof value === 'string')) return value;
        return this.#scalar(value, schema);
      case 'any':
        return value;
    }
  }

  #scalar(value: unknown, schema: ScalarSchema): unknown {
    const given = this.#converts ? wrappedInteger(value, schema) : value;
    try {
      return canonicalScalar(given, schema, (found, wanted) => this.#typeError(value, found, wanted, schema));
    } catch (error) {
      if (!(error instanceof DecodeError) || error.mismatch !== undefined) throw error;
      throw new DecodeError(error.message, { value, schema, wanted: goType(schema) });
    }
  }

  #list(value: unknown, schema: ListSchema, builtin: boolean): unknown {
    if (!Array.isArray(value)) {
      if (!builtin) return value;
      throw this.#typeError(value, jsonType(value), goType(schema), schema);
    }
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      this.#path.push(index);
      const next = item === null && builtin ? zeroOf(schema.items) : this.#value(item, schema.items, builtin);
      if (next !== item) value[index] = next;
      this.#path.pop();
    }
    return value;
  }

  #map(value: unknown, schema: MapSchema, builtin: boolean): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      if (!builtin) return value;
      throw this.#typeError(value, jsonType(value), goType(schema), schema);
    }
    const map = value as Record<string, unknown>;
    for (const name in map) {
      const item = map[name];
      if (item === null && !builtin && meansAbsent(schema.values)) {
        delete map[name];
        continue;
      }
      this.#path.push(name);
      const next = item === null && builtin ? zeroOf(schema.values) : this.#value(item, schema.values, builtin);
      if (next !== item) map[name] = next;
      this.#path.pop();
    }
    return value;
  }

  #unknown(name: string): void {
    if (this.strictErrors.length >= strictErrorsMax) return;
    let path = '';
    const steps = this.#converts ? this.#path.filter((step) => typeof step !== 'string') : this.#path;
    for (const step of [...steps, name]) {
      const part = typeof step === 'object' ? step.name : step;
      path += typeof part === 'number' ? `[${part}]` : path === '' ? part : `.${part}`;
    }
    this.strictErrors.push(`unknown field ${JSON.stringify(path)}`);
  }

  /** The name of the type that is wanted here, where the innermost field or the items of its list have one. */
  #namedType(): string | undefined {
    let depth = 0;
    for (const step of this.#path.toReversed()) {
      if (typeof step !== 'object') depth++;
      else {
        const { goType } = step;
        if (goType === undefined) return undefined;
        const items = goType.slice(2 * depth);
        return goType.startsWith('[]'.repeat(depth)) ? items : undefined;
      }
    }
    return undefined;
  }

  /** Go's text: the innermost struct, then the path of fields from the top, without list positions and map keys. */
  #typeError(value: unknown, found: string, type: string, schema: Schema): DecodeError {
    const wanted = this.#namedType() ?? type;
    const mismatch = { value, schema, wanted };
    const struct = this.#struct?.name?.split('.').at(-1);
    if (struct === undefined)
      return new DecodeError(`json: cannot unmarshal ${found} into Go value of type ${wanted}`, mismatch);
    const names = this.#path.flatMap((step) => (typeof step === 'object' ? [step.name] : []));
    // The metadata of custom resources is decoded by itself.
    const path = (
      this.#isCustom && struct === 'ObjectMeta' ? names.slice(names.lastIndexOf('metadata') + 1) : names
    ).join('.');
    const text = `json: cannot unmarshal ${found} into Go struct field ${struct}.${path} of type ${wanted}`;
    return new DecodeError(text, mismatch);
  }
}

/** A copy without what was taken out: `delete` would turn the object into a slow one. */
function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    if (object[name] !== undefined) setField(copy, name, object[name]);
  }
  return copy;
}

/** Whether a null of a custom resource says as much as no value: it may not be there and nothing stands in for it. */
function meansAbsent(schema: Schema): boolean {
  return schema.nullable !== true && schema.default === undefined;
}

/** What Go has in a list or map where JSON had null. */
function zeroOf(schema: Schema): unknown {
  if (schema.type === 'object') return {};
  return schema.type === 'scalar' ? goZeros[schema.scalar] : null;
}

const goZeros: Readonly<Record<ScalarType, unknown>> = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: null,
  quantity: '0',
  'int-or-string': 0,
  time: null,
  'micro-time': null,
  duration: '0s',
};

const goScalars: Readonly<Record<string, string>> = {
  boolean: 'bool',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  'int-or-string': 'intstr.IntOrString',
  time: 'v1.Time',
  'micro-time': 'v1.MicroTime',
  duration: 'v1.Duration',
};

/** The Go type that a schema stands for, as Go prints it: `[]v1.Container`, `map[string]string`. */
function goType(schema: Schema): string {
  switch (schema.type) {
    case 'object':
      return schema.name?.split('.').slice(-2).join('.') ?? 'map[string]interface {}';
    case 'list':
      return `[]${goType(schema.items)}`;
    case 'map':
      return `map[string]${goType(schema.values)}`;
    case 'any':
      return 'interface {}';
    case 'scalar':
      return goScalars[schema.scalar] ?? schema.scalar;
  }
}
