import { isObject, type JsonObject, setField } from '../json/index.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { type FieldSet, isEmptySet, isMember, makeNode, makeSet } from './field-set.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { fieldSchema, isNamedField, shapeOf } from './typed.ts';

/** The value without the fields and items of a set; undefined where nothing is left. Shares what stays. */
export function removeFields(value: unknown, set: FieldSet, schema: Schema): unknown {
  if (isEmptySet(set)) return value;
  const shape = shapeOf(schema, value);
  if (shape === 'map' && isObject(value)) return removeFromMap(value, set, schema);
  if (shape === 'list' && Array.isArray(value)) return removeFromList(value, set, schema as ListSchema);
  return value;
}

function removeFromMap(value: JsonObject, set: FieldSet, schema: Schema): JsonObject | undefined {
  const result: JsonObject = {};
  let left = 0;
  for (const name in value) {
    const node = set[fieldElement(name)];
    let child = value[name];
    if (node !== undefined) child = isMember(node) ? undefined : removeFields(child, node, fieldSchema(schema, name));
    if (child === undefined) continue;
    setField(result, name, child);
    left++;
  }
  return left === 0 ? undefined : result;
}

function removeFromList(list: readonly unknown[], set: FieldSet, schema: ListSchema): unknown[] | undefined {
  const result: unknown[] = [];
  for (const item of list) {
    const element = itemElement(item, schema);
    const node = element === undefined ? undefined : set[element];
    if (node === undefined) result.push(item);
    else if (!isMember(node)) {
      const kept = removeFields(item, node, schema.items);
      if (kept !== undefined) result.push(kept);
    }
  }
  return result.length === 0 ? undefined : result;
}

/** The set with every named field on the way to a member made a member too (fieldpath.EnsureNamedFieldsAreMembers). */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  return makeSet(namedEntries(set, schema));
}

function namedEntries(node: FieldSet, schema: Schema): [string, FieldSet][] {
  const entries: [string, FieldSet][] = [];
  for (const element in node) {
    if (element === '.') continue;
    const child = node[element] as FieldSet;
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const childSchema = elementSchema(schema, element);
    const member = isMember(child) || (name !== undefined && isNamedField(schema, name));
    const made = makeNode(member, namedEntries(child, childSchema));
    if (made !== undefined) entries.push([element, made]);
  }
  return entries;
}

/** The schema below one path element. */
export function elementSchema(schema: Schema, element: string): Schema {
  if (element.startsWith('f:')) return fieldSchema(schema, element.slice(2));
  return schema.type === 'list' ? schema.items : { type: 'any' };
}

const reconciled = new WeakMap<FieldSet, Schema>();

/**
 * The set after its type changed from granular to atomic: who owned a part owns the whole (typed.ReconcileFieldSetWithSchema).
 * Sets are shared between writes, so each is looked at once.
 */
export function reconcileWithSchema(set: FieldSet, schema: Schema): FieldSet {
  if (reconciled.get(set) === schema) return set;
  const result = reconcileNode(set, schema, false) ?? set;
  reconciled.set(result, schema);
  return result;
}

function reconcileNode(node: FieldSet, schema: Schema, below: boolean): FieldSet | undefined {
  if (schema.type === 'any' || schema.type === 'scalar') return node;
  const atomic = schema.type === 'list' ? schema.listType === 'atomic' : schema.atomic === true;
  if (below && atomic) return makeNode(true, []);
  let changed = false;
  const entries: [string, FieldSet][] = [];
  for (const element in node) {
    if (element === '.') continue;
    const child = node[element] as FieldSet;
    const known = schema.type !== 'object' || isNamedField(schema, element.slice(2));
    const made = isEmptySet(child) || !known ? child : reconcileNode(child, elementSchema(schema, element), true);
    if (made !== child) changed = true;
    if (made !== undefined) entries.push([element, made]);
  }
  return changed ? makeNode(node['.'] !== undefined, entries) : node;
}
