/** Plain data as it is on the wire. Binary and dates do not occur: they are strings. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A private copy of plain data, about ten times faster than structuredClone. Fields that are undefined are left out, as
 * JSON does. A field called `__proto__` stays an ordinary field.
 */
export function deepCopy<T>(value: T): T {
  return (typeof value === 'object' && value !== null ? copyOf(value) : value) as T;
}

function copyOf(value: object): unknown {
  if (Array.isArray(value)) {
    const length = value.length;
    const list = new Array<unknown>(length);
    for (let index = 0; index < length; index++) {
      const item: unknown = value[index];
      list[index] = typeof item === 'object' && item !== null ? copyOf(item) : item;
    }
    return list;
  }
  const copy: JsonObject = {};
  for (const name in value) {
    const item = (value as JsonObject)[name];
    if (item === undefined) continue;
    const copied = typeof item === 'object' && item !== null ? copyOf(item) : item;
    if (name === '__proto__') setField(copy, name, copied);
    else copy[name] = copied;
  }
  return copy;
}

/** Assigns `object[name]`, safe for the name `__proto__`. */
export function setField(object: JsonObject, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}

/** Own field of an object, undefined for anything inherited. */
export function getField(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A shallow copy, safe for a field called `__proto__` (as a spread is). */
export function shallowCopy(object: JsonObject): JsonObject {
  return { ...object };
}
