import type { Field, ObjectSchema, Schema } from '../schema/index.ts';

/**
 * Brings plain data into the form that Go's JSON encoder gives it: zero values with `omitempty` are left out, fields
 * without it are written even when nobody set them (`status: {}`, `resources: {}`, `lastProbeTime: null`). Fields that the
 * schema does not know and custom resources stay as they are.
 *
 * `object` is changed in place where only something is added or a value replaced; the result is another object where a
 * field had to go. Running it twice changes nothing.
 */
export function normalize<T>(object: T, schema: ObjectSchema): T {
  return normalizeObject(object, schema, 'answered') as T;
}

/** As it comes back from a store that keeps protobuf, which knows no empty lists and maps: they are null. */
export function storedForm<T>(object: T, schema: ObjectSchema): T {
  return normalizeObject(object, schema, 'stored') as T;
}

/** The same without the nulls that stand for pointers, lists and maps that nobody set: the form in which rules judge it. */
export function withZeroValues<T>(object: T, schema: ObjectSchema): T {
  return normalizeObject(object, schema, 'judged') as T;
}

/**
 * `withZeroValues` of an object that was just read: below atomic lists empty lists and maps stay, as two such lists are the
 * same only where Go's `reflect.DeepEqual` says so (listReflect in structured-merge-diff), which keeps nil and empty apart.
 */
export function withSentEmpties<T>(object: T, schema: ObjectSchema): T {
  return normalizeObject(object, schema, 'sent') as T;
}

/** `item` is what `sent` is below an atomic list. */
type Form = 'answered' | 'stored' | 'judged' | 'sent' | 'item';

interface Plan {
  /** How each field that may be zero, or has something below it, is treated. */
  readonly fields: ReadonlyMap<string, Rule>;
  /** Fields that are written even when absent. */
  readonly always: readonly { readonly name: string; readonly make: (form: Form) => unknown }[];
}

interface Rule {
  readonly schema: Schema;
  readonly dropsZero: boolean;
  /** A list or map that is written even when it is empty. */
  readonly mayBeEmpty: boolean;
  readonly hasParts: boolean;
}

/** One plan for each schema, made when it is first met. */
const plans = new WeakMap<ObjectSchema, Plan>();

function planOf(schema: ObjectSchema): Plan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = makePlan(schema);
    plans.set(schema, plan);
  }
  return plan;
}

function makePlan(schema: ObjectSchema): Plan {
  const fields = new Map<string, Rule>();
  const always: { name: string; make: (form: Form) => unknown }[] = [];
  for (const field of schema.fields.values()) {
    const builtin = schema.builtin === true;
    const rule = {
      schema: field.schema,
      dropsZero: builtin && dropsZero(field),
      mayBeEmpty: builtin && (field.schema.type === 'list' || field.schema.type === 'map') && field.pointer !== true,
      hasParts: hasParts(field.schema),
    };
    if (rule.dropsZero || rule.hasParts || rule.mayBeEmpty) fields.set(field.name, rule);
    if (builtin && isAlwaysWritten(field)) always.push({ name: field.name, make: (form) => zeroOf(field, form) });
  }
  return { fields, always };
}

/** Structs of Go that are scalars in JSON: omitempty never leaves them out. */
const structScalars: ReadonlySet<string> = new Set(['time', 'micro-time', 'quantity', 'int-or-string', 'duration']);

function isStruct(schema: Schema): boolean {
  return (
    schema.type === 'object' ||
    (schema.type === 'any' && schema.name !== undefined) ||
    (schema.type === 'scalar' && structScalars.has(schema.scalar))
  );
}

function dropsZero(field: Field): boolean {
  if (field.schema.type === 'list' || field.schema.type === 'map') return field.omitEmpty === true;
  if (field.pointer === true) return false;
  return field.omitZero === true || (field.omitEmpty === true && !isStruct(field.schema));
}

function isAlwaysWritten(field: Field): boolean {
  if (field.omitZero === true) return false;
  if (field.pointer === true) return field.omitEmpty !== true;
  return field.omitEmpty !== true || isStruct(field.schema);
}

function zeroOf({ schema, pointer }: Field, form: Form): unknown {
  if (pointer === true) return null;
  if (schema.type === 'object') return normalizeObject({}, schema, form);
  if (schema.type !== 'scalar') return null;
  switch (schema.scalar) {
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'quantity':
      return '0';
    case 'duration':
      return '0s';
    case 'bytes':
    case 'time':
    case 'micro-time':
      return null;
    default:
      return 0;
  }
}

function hasParts(schema: Schema): boolean {
  if (schema.type === 'list') return hasParts(schema.items) || isBytes(schema.items);
  if (schema.type === 'map') return hasParts(schema.values) || isBytes(schema.values);
  return schema.type === 'object';
}

function isBytes(schema: Schema): boolean {
  return schema.type === 'scalar' && schema.scalar === 'bytes';
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}

function normalizeObject(value: unknown, schema: ObjectSchema, form: Form): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const plan = planOf(schema);
  const object = value as Record<string, unknown>;
  let dropped = false;
  for (const name in object) {
    const rule = plan.fields.get(name);
    if (rule === undefined) continue;
    let item = object[name];
    if (rule.hasParts) {
      const next = normalizeValue(item, rule.schema, form);
      if (next !== item) object[name] = item = next;
    }
    if (rule.dropsZero && isZero(item) && !(form === 'item' && typeof item === 'object' && item !== null)) {
      object[name] = undefined;
      dropped = true;
    } else if (form === 'stored' && rule.mayBeEmpty && isZero(item)) {
      object[name] = null;
    }
  }
  for (const { name, make } of plan.always) {
    if (object[name] !== undefined) continue;
    const zero = make(form);
    if (zero !== null || form === 'answered' || form === 'stored') object[name] = zero;
  }
  return dropped ? withoutUndefined(object) : object;
}

function normalizeValue(value: unknown, schema: Schema, form: Form): unknown {
  if (schema.type === 'object') return normalizeObject(value, schema, form);
  // Protobuf writes every item, so that no bytes come back as empty ones.
  if (value === null && form === 'stored' && isBytes(schema)) return '';
  if (schema.type === 'list' && Array.isArray(value)) {
    const itemForm = form === 'sent' && schema.listType === 'atomic' ? 'item' : form;
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      const next = normalizeValue(item, schema.items, itemForm);
      if (next !== item) value[index] = next;
    }
  } else if (schema.type === 'map' && typeof value === 'object' && value !== null) {
    const map = value as Record<string, unknown>;
    for (const name in map) {
      const item = map[name];
      const next = normalizeValue(item, schema.values, form);
      if (next !== item) map[name] = next;
    }
  }
  return value;
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    if (object[name] !== undefined) copy[name] = object[name];
  }
  return copy;
}
