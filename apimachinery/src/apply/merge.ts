import { getField, isObject, type JsonObject, setField } from '../json/index.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { itemElement } from './path-element.ts';
import { fieldSchema, isBlank, shapeOf } from './typed.ts';

/**
 * Lays an applied configuration over the live object: leaves of the configuration win, lists with keys merge item by item,
 * nothing is removed. The result shares with the live object what the configuration does not mention. Order of items: as
 * in the live object, but the items of the configuration among themselves as it has them.
 */
export function mergeConfiguration(live: unknown, configuration: unknown, schema: Schema): unknown {
  if (configuration === undefined) return live;
  if (live === undefined || live === null) return pruneNulls(configuration, schema);
  const shape = shapeOf(schema, configuration);
  if (shape === 'leaf' || (isBlank(live) && isBlank(configuration))) return configuration;
  if (shape === 'map') return mergeMaps(live, configuration, schema);
  return mergeLists(live, configuration, schema as ListSchema);
}

function mergeMaps(live: unknown, configuration: unknown, schema: Schema): unknown {
  if (!isObject(live)) return configuration;
  if (!isObject(configuration)) return live;
  const result: JsonObject = { ...live };
  for (const name in configuration) {
    const merged = mergeConfiguration(getField(live, name), configuration[name], fieldSchema(schema, name));
    // A null in the place of something stays until ownership is decided: it may change what somebody owns.
    if (merged === null && isBuiltin(schema) && getField(live, name) === undefined) delete result[name];
    else if (merged !== undefined) setField(result, name, merged);
  }
  return result;
}

/** Nulls of built-in types mean "not set" and are not stored. */
function pruneNulls(value: unknown, schema: Schema): unknown {
  const shape = shapeOf(schema, value);
  if (shape === 'list' && Array.isArray(value))
    return value.map((item) => pruneNulls(item, (schema as ListSchema).items));
  if (shape !== 'map' || !isObject(value)) return value;
  const result: JsonObject = {};
  for (const name in value) {
    if (value[name] === null && isBuiltin(schema)) continue;
    setField(result, name, pruneNulls(value[name], fieldSchema(schema, name)));
  }
  return result;
}

function isBuiltin(schema: Schema): boolean {
  return schema.type === 'object' && schema.builtin === true;
}

function mergeLists(live: unknown, configuration: unknown, schema: ListSchema): unknown {
  if (!Array.isArray(live)) return configuration;
  if (!Array.isArray(configuration)) return live;
  const wanted = indexItems(configuration, schema);
  const present = indexItems(live, schema);
  if (wanted === undefined || present === undefined) return configuration;
  const mergedOf = (element: string) =>
    mergeConfiguration(present.unique.get(element), wanted.unique.get(element), schema.items);
  const result: unknown[] = [];
  const shared = wanted.elements.filter((element) => present.all.has(element));
  const done = new Set<string>();
  let next = 0;
  let nextShared = 0;
  for (const [index, element] of present.elements.entries()) {
    if (!wanted.all.has(element)) {
      result.push(live[index]);
      continue;
    }
    if (element !== shared[nextShared] || done.has(element)) continue;
    while (next < wanted.elements.length) {
      const other = wanted.elements[next++] as string;
      done.add(other);
      result.push(mergedOf(other));
      if (other === element) break;
    }
    nextShared++;
  }
  for (; next < wanted.elements.length; next++) result.push(mergedOf(wanted.elements[next] as string));
  return result;
}

/** Items by element, in order; those that occur twice have no single item to merge with. */
function indexItems(list: readonly unknown[], schema: ListSchema) {
  const elements: string[] = [];
  const all = new Set<string>();
  const unique = new Map<string, unknown>();
  for (const item of list) {
    const element = itemElement(item, schema);
    if (element === undefined) return undefined;
    elements.push(element);
    if (all.has(element)) unique.delete(element);
    else unique.set(element, item);
    all.add(element);
  }
  return { elements, all, unique };
}
