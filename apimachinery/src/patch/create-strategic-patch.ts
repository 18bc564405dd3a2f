import { compareText, deepEqual, getField, isObject, type JsonObject, setField } from '../json/index.ts';
import type { Schema } from '../schema/schema.ts';
import { itemSchema, type PatchField, patchField } from './patch-schema.ts';

/**
 * The strategic merge patch that turns `original` into `modified` (strategicpatch.CreateTwoWayMergePatch); undefined where
 * they are equal. What is not in `modified` is deleted.
 */
export function createStrategicPatch(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema,
): JsonObject | undefined {
  const patch = diffObjects(original, modified, schema, false);
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function diffObjects(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema | undefined,
  retainKeys: boolean,
): JsonObject {
  const patch: JsonObject = {};
  const names = Object.keys(modified).filter((name) => modified[name] !== undefined);
  for (const name of names) {
    const before = getField(original, name);
    const after = modified[name];
    if (deepEqual(before, after)) continue;
    const field = patchField(schema, name);
    if (isObject(before) && isObject(after) && field.strategy !== 'replace') {
      const inner = diffObjects(before, after, field.schema, field.retainKeys);
      if (Object.keys(inner).length > 0) setField(patch, name, inner);
    } else if (Array.isArray(before) && Array.isArray(after) && field.strategy === 'merge') {
      diffLists(patch, name, before, after, field);
    } else {
      setField(patch, name, after);
    }
  }
  const gone = Object.keys(original).filter((name) => original[name] !== undefined && !names.includes(name));
  for (const name of gone) setField(patch, name, null);
  const retained = names.filter((name) => modified[name] !== null);
  if (retainKeys && retained.length > 0 && Object.keys(patch).length > 0) patch['$retainKeys'] = retained.sort();
  return patch;
}

function diffLists(patch: JsonObject, name: string, before: unknown[], after: unknown[], field: PatchField): void {
  if (isObject(before[0] ?? after[0]))
    diffKeyedLists(patch, name, before as JsonObject[], after as JsonObject[], field);
  else diffScalarLists(patch, name, before, after);
}

function diffKeyedLists(
  patch: JsonObject,
  name: string,
  before: JsonObject[],
  after: JsonObject[],
  field: PatchField,
): void {
  const { mergeKey } = field;
  const old = new Map(before.map((item) => [getField(item, mergeKey), item]));
  const present = new Set(after.map((item) => getField(item, mergeKey)));
  const changes: JsonObject[] = [];
  for (const item of after) {
    const identity = getField(item, mergeKey);
    const was = old.get(identity);
    if (was === undefined) {
      changes.push(item);
      continue;
    }
    const inner = diffObjects(was, item, itemSchema(field.schema), field.retainKeys);
    if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: identity });
  }
  const deletions = before
    .map((item) => getField(item, mergeKey))
    .filter((identity) => !present.has(identity))
    .sort((a, b) => compareText(String(a), String(b)));
  for (const identity of deletions) changes.push({ $patch: 'delete', [mergeKey]: identity });
  if (changes.length > 0) setField(patch, name, changes);
  patch[`$setElementOrder/${name}`] = after.map((item) => ({ [mergeKey]: getField(item, mergeKey) }));
}

function diffScalarLists(patch: JsonObject, name: string, before: unknown[], after: unknown[]): void {
  const old = new Set(before);
  const present = new Set(after);
  const added = after.filter((item) => !old.has(item));
  const gone = [...old].filter((item) => !present.has(item)).sort((a, b) => compareText(String(a), String(b)));
  if (added.length > 0) setField(patch, name, added);
  if (gone.length > 0) patch[`$deleteFromPrimitiveList/${name}`] = gone;
  patch[`$setElementOrder/${name}`] = after;
}
