import { badRequest } from '../errors/index.ts';
import { deepEqual, getField, isObject, type JsonObject, setField, shallowCopy } from '../json/index.ts';

/** Applies a JSON merge patch (RFC 7386). The result shares with the document what the patch leaves alone. */
export function applyMergePatch<T>(document: T, patch: unknown): T {
  if (!isObject(patch)) throw badRequest('Invalid JSON Patch');
  return merge(document, patch) as T;
}

function merge(target: unknown, patch: JsonObject): JsonObject {
  const result = isObject(target) ? shallowCopy(target) : {};
  for (const name of Object.keys(patch)) {
    const value = patch[name];
    if (value === null) delete result[name];
    else setField(result, name, isObject(value) ? merge(getField(result, name), value) : withoutNulls(value));
  }
  return result;
}

/** Objects inside a list lose their nulls, as in the library that upstream uses; nulls that are items stay. */
function withoutNulls(value: unknown): unknown {
  if (!Array.isArray(value)) return isObject(value) ? merge({}, value) : value;
  return value.map(withoutNulls);
}

/** The merge patch that turns `original` into `modified`; undefined where they are equal. */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject | undefined {
  const patch: JsonObject = {};
  for (const name of Object.keys(modified)) {
    const before = getField(original, name);
    const after = modified[name];
    if (after === undefined || deepEqual(before, after)) continue;
    setField(patch, name, isObject(before) && isObject(after) ? createMergePatch(before, after) : after);
  }
  for (const name of Object.keys(original)) {
    if (original[name] !== undefined && getField(modified, name) === undefined) setField(patch, name, null);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
