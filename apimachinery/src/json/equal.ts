import type { JsonObject } from './copy.ts';

/** Equality of plain data. A field that is undefined counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b);
  return !Array.isArray(b) && equalObjects(a as JsonObject, b as JsonObject);
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    if (!deepEqual(a[index], b[index])) return false;
  }
  return true;
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  let fields = 0;
  for (const name in a) {
    const value = a[name];
    if (value === undefined) continue;
    if (!Object.hasOwn(b, name) || !deepEqual(value, b[name])) return false;
    fields++;
  }
  for (const name in b) {
    if (b[name] !== undefined) fields--;
  }
  return fields === 0;
}

/**
 * Equality that takes null, absent and empty list for the same, as apimachinery's `equality.Semantic.DeepEqual` does with
 * Go's nil and empty. An empty object is a struct that somebody set and differs from an absent one, for maps are gone where
 * they are empty once an object has its zero values. Zero values (0, "", false) stay different from absent.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a)) return isEmpty(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  for (const name in left) {
    if (!semanticEqual(left[name], Object.hasOwn(right, name) ? right[name] : undefined)) return false;
  }
  for (const name in right) {
    if (!Object.hasOwn(left, name) && !isEmpty(right[name])) return false;
  }
  return true;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Order of strings by code unit, as Go sorts ASCII; never by locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
