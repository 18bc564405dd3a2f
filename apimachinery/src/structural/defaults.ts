import { deepCopy } from '../json/index.ts';
import type { Field, ObjectSchema, Schema } from '../schema/index.ts';

/**
 * Fills in, in place, the defaults that the schema carries, wherever the object has what they belong to. A null that the
 * schema does not allow counts as absent where there is a default; of built-in types a zero value does too, as in Go.
 */
export function applyDefaults(object: unknown, schema: ObjectSchema): void {
  if (hasDefaults(schema)) fillObject(object, schema);
}

/** Whether anything below a schema has a default; most of the API has none and is not walked. */
const known = new WeakMap<Schema, boolean>();

function hasDefaults(schema: Schema): boolean {
  const answer = known.get(schema);
  if (answer !== undefined) return answer;
  // A schema that contains itself has what the rest of it has; the final answer is stored below.
  known.set(schema, false);
  const found = search(schema, new Set());
  known.set(schema, found);
  return found;
}

function search(schema: Schema, visited: Set<Schema>): boolean {
  if (visited.has(schema)) return false;
  visited.add(schema);
  if (schema.default !== undefined) return true;
  if (schema.type === 'list') return search(schema.items, visited);
  if (schema.type === 'map') return search(schema.values, visited);
  if (schema.type !== 'object') return false;
  return [...schema.fields.values()].some((field) => search(field.schema, visited));
}

/** The fields of a type that have a default or something below that has one: the rest of an object is not looked at. */
const fieldsWithDefaults = new WeakMap<ObjectSchema, readonly Field[]>();

function fieldsOf(schema: ObjectSchema): readonly Field[] {
  let fields = fieldsWithDefaults.get(schema);
  if (fields === undefined) {
    fields = [...schema.fields.values()].filter((field) => hasDefaults(field.schema));
    fieldsWithDefaults.set(schema, fields);
  }
  return fields;
}

function fillObject(value: unknown, schema: ObjectSchema): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const object = value as Record<string, unknown>;
  for (const field of fieldsOf(schema)) {
    const standIn = field.schema.default;
    if (standIn !== undefined && isAbsent(object[field.name], field.schema, schema, field.pointer === true)) {
      object[field.name] = deepCopy(standIn);
    }
    const item = object[field.name];
    if (item !== undefined) fill(item, field.schema);
  }
}

function isAbsent(value: unknown, schema: Schema, parent: ObjectSchema, pointer: boolean): boolean {
  if (value === undefined) return true;
  if (value === null) return schema.nullable !== true;
  return parent.builtin === true && !pointer && (value === '' || value === 0 || value === false);
}

function fill(value: unknown, schema: Schema): void {
  if (schema.type === 'object') return fillObject(value, schema);
  if (typeof value !== 'object' || value === null) return;
  if (schema.type === 'list' && Array.isArray(value) && hasDefaults(schema.items)) {
    for (const item of value) fill(item, schema.items);
  } else if (schema.type === 'map' && hasDefaults(schema.values)) {
    for (const item of Object.values(value)) fill(item, schema.values);
  }
}
