import { isObject } from '../json/index.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { emptySet, type FieldSet, isEmptySet, makeNode, makeSet } from './field-set.ts';
import { KnownSets } from './known-sets.ts';
import { elementOf, fieldElement, itemElement } from './path-element.ts';
import { fieldSchema, isNamedField, shapeOf } from './typed.ts';
import { zeroFields } from './zero-values.ts';

/** The node of a value that came or went as a whole: every field and item of it is a member, and so is itself. */
export function treeOf(value: unknown, schema: Schema): FieldSet {
  if (typeof value !== 'object' || value === null) return emptySet;
  return trees.of(value, schema, () => makeNode(true, childTrees(value, schema)) as FieldSet);
}

const trees = new KnownSets();

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
    const element = elementOf(item, schema);
    entries.set(element, entries.has(element) ? emptySet : treeOf(item, schema.items));
  }
  return [...entries];
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
