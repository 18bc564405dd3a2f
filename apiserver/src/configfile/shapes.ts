import type { Field, ObjectSchema, Schema } from '@coracle/apimachinery/schema';

/** The parts that shapes of configuration files are made of; the strict decoder of the API reads them. */
export const text: Schema = { type: 'scalar', scalar: 'string' };
export const flag: Schema = { type: 'scalar', scalar: 'boolean' };
export const integer: Schema = { type: 'scalar', scalar: 'int32' };
/** Go's: `30s`, `1m30s`. */
export const duration: Schema = { type: 'scalar', scalar: 'duration' };
export const texts: Schema = listOf(text);

export function listOf(items: Schema): Schema {
  return { type: 'list', items, listType: 'atomic' };
}

/** `name` as messages show it, Go's: `v1.ProviderConfiguration`. */
export function struct(name: string, fields: Readonly<Record<string, Schema>>): ObjectSchema {
  const rows = Object.entries(fields).map(([field, schema]): [string, Field] => [field, { name: field, schema }]);
  return { type: 'object', name, builtin: true, fields: new Map(rows) };
}

/** A file of its own, with `apiVersion` and `kind`. */
export function document(name: string, fields: Readonly<Record<string, Schema>>): ObjectSchema {
  return struct(name, { apiVersion: text, kind: text, ...fields });
}
