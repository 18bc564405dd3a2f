import { goJson, quote } from '../errors/index.ts';
import { getField, isObject } from '../json/index.ts';
import type { ListSchema } from '../schema/schema.ts';
import { zeroOfField } from './zero-values.ts';

/** `f:name`. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/**
 * The element of a list item: `k:{"name":"a"}` in a list with keys, `v:"a"` in a set. Undefined where the item has none
 * (no object, a null, all keys absent).
 */
export function itemElement(item: unknown, schema: ListSchema): string | undefined {
  if (schema.listType === 'set') {
    return item === null || item === undefined || typeof item === 'object' ? undefined : `v:${goJson(item)}`;
  }
  if (!isObject(item)) return undefined;
  const parts: string[] = [];
  for (const { key, start } of sortedKeys(schema)) {
    const value = getField(item, key) ?? keyDefault(schema, key);
    if (value !== undefined) parts.push(start + goJson(value));
  }
  return parts.length === 0 ? undefined : `k:{${parts.join(',')}}`;
}

/** The same. Throws UnkeyedItem where the item has none. */
export function elementOf(item: unknown, schema: ListSchema): string {
  const element = itemElement(item, schema);
  if (element === undefined) throw new UnkeyedItem('an item of a keyed list has none of the keys');
  return element;
}

/** An object that has an item without a key has no fields that could be owned. */
export class UnkeyedItem extends Error {}

interface ElementKey {
  readonly key: string;
  /** `"name":`. */
  readonly start: string;
}

const sortedKeysOf = new WeakMap<ListSchema, readonly ElementKey[]>();

function sortedKeys(schema: ListSchema): readonly ElementKey[] {
  let keys = sortedKeysOf.get(schema);
  if (keys === undefined) {
    keys = [...(schema.mapKeys ?? [])].sort().map((key) => ({ key, start: `${goJson(key)}:` }));
    sortedKeysOf.set(schema, keys);
  }
  return keys;
}

/**
 * Default of a key field, as `TCP` for the protocol of a port: an item without it is the item with the default. What Go
 * always writes has its zero value as its default.
 */
function keyDefault(schema: ListSchema, key: string): unknown {
  if (schema.items.type !== 'object') return undefined;
  const field = schema.items.fields.get(key);
  if (field === undefined || field.schema.default !== undefined) return field?.schema.default;
  return zeroOfField(schema.items, key);
}

/** Whether two items are the same one of their list, without building their elements. */
export function sameItem(a: unknown, b: unknown, schema: ListSchema): boolean {
  if (schema.listType === 'set') return a === b && typeof a !== 'object';
  if (!isObject(a) || !isObject(b)) return false;
  for (const key of schema.mapKeys ?? []) {
    const left = getField(a, key) ?? keyDefault(schema, key);
    const right = getField(b, key) ?? keyDefault(schema, key);
    if (left !== right || (typeof left === 'object' && left !== null)) return false;
  }
  return true;
}

/** One element for people: `.name`, `[name="a"]`, `[="a"]`. */
function elementText(element: string): string {
  const kind = element.slice(0, 2);
  const rest = element.slice(2);
  if (kind === 'f:') return `.${rest}`;
  if (kind === 'i:') return `[${rest}]`;
  if (kind === 'v:') return `[=${valueText(JSON.parse(rest))}]`;
  if (kind !== 'k:') return '{{invalid path element}}';
  const keys: unknown = JSON.parse(rest);
  if (!isObject(keys)) return '{{invalid path element}}';
  return `[${Object.keys(keys)
    .map((key) => `${key}=${valueText(keys[key])}`)
    .join(',')}]`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (!isObject(value)) return goJson(value);
  // Upstream prints the fields of a map one after the other.
  return Object.keys(value)
    .map((name) => `${name}=${valueText(value[name])}`)
    .join('');
}

/** A path for people, as conflicts name it: `.spec.containers[name="a"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}
