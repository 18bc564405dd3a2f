import { isObject } from '../json/index.ts';
import type { ListSchema, ObjectSchema, Schema } from '../schema/schema.ts';
import { emptySet, type FieldSet, isEmptySet, makeNode, makeSet } from './field-set.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { fieldSchema, isNamedField, shapeOf } from './typed.ts';
import { zeroFields } from './zero-values.ts';

/** The node of a value that came or went as a whole: every field and item of it is a member, and so is itself. */
export function treeOf(value: unknown, schema: Schema): FieldSet {
  return makeNode(true, childTrees(value, schema)) as FieldSet;
}

/** The elements below a value that came or went as a whole. */
export function childTrees(value: unknown, schema: Schema): [string, FieldSet][] {
  const shape = shapeOf(schema, value);
  if (shape === 'list' && Array.isArray(value)) return itemTrees(value, schema as ListSchema);
  if (shape !== 'map' || !isObject(value)) return [];
  const entries: [string, FieldSet][] = [];
  for (const name in value) {
    if (value[name] !== undefined) entries.push([fieldElement(name), treeOf(value[name], fieldSchema(schema, name))]);
  }
  if (schema.type !== 'object') return entries;
  for (const { name, field, zero } of zeroFields(schema)) {
    if (value[name] === undefined) entries.push([fieldElement(name), treeOf(zero, field.schema)]);
  }
  return entries;
}

function itemTrees(list: readonly unknown[], schema: ListSchema): [string, FieldSet][] {
  const entries = new Map<string, FieldSet>();
  for (const item of list) {
    const element = itemElement(item, schema);
    if (element === undefined) return [];
    entries.set(element, entries.has(element) ? emptySet : itemTree(item, schema.items));
  }
  return [...entries];
}

/**
 * Nodes of items without anything below their fields, by the names of these: a container's variables are all alike, and
 * sets are never changed.
 */
const flatItems = new WeakMap<ObjectSchema, Map<string, FieldSet>>();
/** Of one schema. More kinds of items come only of unknown fields. */
const flatItemsMax = 256;

function itemTree(item: unknown, schema: Schema): FieldSet {
  const names = schema.type === 'object' && schema.atomic !== true ? flatNames(item) : undefined;
  if (names === undefined) return treeOf(item, schema);
  let known = flatItems.get(schema as ObjectSchema);
  if (known === undefined) {
    known = new Map();
    flatItems.set(schema as ObjectSchema, known);
  }
  let tree = known.get(names);
  if (tree === undefined) {
    tree = treeOf(item, schema);
    if (known.size < flatItemsMax) known.set(names, tree);
  }
  return tree;
}

/** The names of the fields, in the order they are in; undefined where one of them holds more than a scalar. */
function flatNames(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  let names = '';
  for (const name in item) {
    const value = item[name];
    if (value === undefined) continue;
    if (typeof value === 'object' && value !== null) return undefined;
    names += `${name} `;
  }
  return names;
}

/**
 * The fields that an applied configuration names (typed.ToFieldSet): leaves, items of lists, keys of maps, and what is
 * explicitly null or `{}`; not the named fields on the way to them.
 */
export function setOfConfiguration(value: unknown, schema: Schema): FieldSet {
  return makeSet(configurationEntries(value, schema));
}

function configurationEntries(value: unknown, schema: Schema): [string, FieldSet][] {
  const entries: [string, FieldSet][] = [];
  const shape = shapeOf(schema, value);
  if (shape === 'map' && isObject(value)) {
    for (const name in value) {
      const child = value[name];
      if (child === undefined) continue;
      const childSchema = fieldSchema(schema, name);
      const leaf = shapeOf(childSchema, child) === 'leaf';
      const emptyMap = child === null || (isObject(child) && isEmptySet(child as unknown as FieldSet));
      const node = makeNode(leaf || emptyMap || !isNamedField(schema, name), configurationEntries(child, childSchema));
      if (node !== undefined) entries.push([fieldElement(name), node]);
    }
  } else if (shape === 'list' && Array.isArray(value)) {
    const { items } = schema as ListSchema;
    for (const item of value) {
      const element = itemElement(item, schema as ListSchema);
      if (element !== undefined) entries.push([element, makeNode(true, configurationEntries(item, items)) as FieldSet]);
    }
  }
  return entries;
}
