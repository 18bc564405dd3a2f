import { getField, isObject, type JsonObject, setField } from '../json/index.ts';
import type { Schema } from '../schema/schema.ts';
import { itemSchema, patchField } from './patch-schema.ts';
import { deletePrefix, directive, orderPrefix, retainKeys } from './strategic-merge-patch.ts';

/**
 * What is left of a strategic merge patch once it has been applied to `document`: upstream takes nulls and directives out of
 * it as it goes, and shows it so where the outcome is of no use.
 */
export function mergedPatch(document: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isObject(patch)) return patch;
  if (Object.hasOwn(patch, directive)) {
    if (patch[directive] !== 'replace') return patch;
    const { [directive]: _, ...rest } = patch;
    return rest;
  }
  const before = isObject(document) ? document : {};
  const ordered = new Set(
    Object.keys(patch).flatMap((name) => (name.startsWith(orderPrefix) ? [name.slice(orderPrefix.length + 1)] : [])),
  );
  const left: JsonObject = {};
  for (const [name, value] of Object.entries(patch)) {
    if (name === retainKeys || name.startsWith(orderPrefix) || ordered.has(name)) continue;
    if (name.startsWith(deletePrefix) && ordered.has(name.slice(deletePrefix.length + 1))) continue;
    setField(left, name, value === null ? null : leftOfField(getField(before, name), name, value, schema));
  }
  return left;
}

function leftOfField(before: unknown, name: string, value: unknown, schema: Schema | undefined): unknown {
  const field = patchField(schema, name);
  if (isObject(before) && isObject(value)) {
    return field.strategy === 'replace' ? value : mergedPatch(before, value, field.schema);
  }
  if (!Array.isArray(before) || !Array.isArray(value)) return cleaned(value);
  if (field.strategy !== 'merge' || field.mergeKey === '') return value;
  return value.map((item: unknown) => {
    if (!isObject(item) || Object.hasOwn(item, directive)) return item;
    const key = getField(item, field.mergeKey);
    const old = before.find((other) => isObject(other) && getField(other, field.mergeKey) === key);
    return old === undefined ? cleaned(item) : mergedPatch(old, item, itemSchema(field.schema));
  });
}

/** A value that is taken as it is: without nulls, and without what has directives; itself it stays. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isObject(value) || Object.hasOwn(value, directive)) return value;
  const result: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner === null || (isObject(inner) && Object.hasOwn(inner, directive))) continue;
    setField(result, name, cleaned(inner));
  }
  return result;
}
