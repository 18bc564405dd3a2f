import { isObject } from '../json/index.ts';
import type { AnySchema, Schema } from '../schema/schema.ts';

const anySchema: AnySchema = { type: 'any' };

/** How server-side apply sees a value: a leaf is owned as a whole, a map by its fields, a list by its items. */
export type Shape = 'leaf' | 'map' | 'list';

/** The shape of a value under its schema. What has no schema is a map where it is an object, and a leaf otherwise. */
export function shapeOf(schema: Schema, value: unknown): Shape {
  switch (schema.type) {
    case 'object':
    case 'map':
      return schema.atomic === true ? 'leaf' : 'map';
    case 'list':
      return schema.listType === 'atomic' ? 'leaf' : 'list';
    case 'any':
      // A RawExtension of a built-in kind is owned as a whole.
      return schema.name === undefined && isObject(value) ? 'map' : 'leaf';
    case 'scalar':
      return 'leaf';
  }
}

/** The schema of one field of a map-shaped value; unknown fields are untyped. */
export function fieldSchema(schema: Schema, name: string): Schema {
  if (schema.type === 'object') return schema.fields.get(name)?.schema ?? anySchema;
  return schema.type === 'map' ? schema.values : anySchema;
}

/** Whether the schema names this field: then ownership of a map-shaped value says nothing of its parent. */
export function isNamedField(schema: Schema, name: string): boolean {
  return schema.type === 'object' && schema.fields.has(name);
}

/** True for null, absent, `{}` and `[]`: an empty container is a leaf, so that empty and absent stay different. */
export function isBlank(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}
