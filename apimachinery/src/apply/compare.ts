import { deepEqual, isObject, type JsonObject } from '../json/index.ts';
import type { ListSchema, ObjectSchema, Schema } from '../schema/schema.ts';
import { emptySet, type FieldSet, makeNode, withoutTrees } from './field-set.ts';
import { elementOf, fieldElement, sameItem } from './path-element.ts';
import { childTrees, treeOf } from './tree-of.ts';
import { fieldSchema, isBlank, shapeOf } from './typed.ts';
import { zeroFields, zeroOfField } from './zero-values.ts';

/** What became of the fields of an object; no field is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** The same for one element, where undefined means: nothing. */
interface Change {
  readonly added: FieldSet | undefined;
  readonly modified: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const modifiedLeaf: Change = { added: undefined, modified: emptySet, removed: undefined };

/**
 * Compares two objects field by field, once, building sets only along the ways to differences. Undefined where they are
 * equal. Fields in or below `ignored` do not count. Throws UnkeyedItem.
 */
export function compareObjects(
  before: unknown,
  after: unknown,
  schema: Schema,
  ignored?: FieldSet,
): Comparison | undefined {
  const change = compare(before, after, schema);
  if (change === undefined) return undefined;
  const keep = (set: FieldSet | undefined) => {
    if (set === undefined) return emptySet;
    return ignored === undefined ? set : withoutTrees(set, ignored);
  };
  return { added: keep(change.added), modified: keep(change.modified), removed: keep(change.removed) };
}

/** Both values are there, null counting as a value. */
function compare(before: unknown, after: unknown, schema: Schema): Change | undefined {
  if (before === after) return undefined;
  const shape = shapeOf(schema, after);
  const shapeBefore = schema.type === 'any' ? shapeOf(schema, before) : shape;
  if (shape !== shapeBefore && before !== null && after !== null) return compareDifferentShapes(before, after, schema);
  const common = after === null ? shapeBefore : shape;
  if (common === 'leaf') return deepEqual(before, after) ? undefined : modifiedLeaf;
  if (isBlank(before) && isBlank(after) && !hasZeroFields(schema)) {
    return deepEqual(before, after) ? undefined : modifiedLeaf;
  }
  return common === 'list' ? compareLists(before, after, schema as ListSchema) : compareMaps(before, after, schema);
}

function hasZeroFields(schema: Schema): boolean {
  return schema.type === 'object' && zeroFields(schema).length > 0;
}

/** An untyped value turned from a map into something else or back. */
function compareDifferentShapes(before: unknown, after: unknown, schema: Schema): Change {
  return {
    added: makeNode(false, childTrees(after, schema)),
    modified: emptySet,
    removed: makeNode(false, childTrees(before, schema)),
  };
}

/** Collects the changes of the elements below one value. */
class Changes {
  readonly #added: [string, FieldSet][] = [];
  readonly #modified: [string, FieldSet][] = [];
  readonly #removed: [string, FieldSet][] = [];

  add(element: string, change: Change): void {
    if (change.added !== undefined) this.#added.push([element, change.added]);
    if (change.modified !== undefined) this.#modified.push([element, change.modified]);
    if (change.removed !== undefined) this.#removed.push([element, change.removed]);
  }

  added(element: string, tree: FieldSet): void {
    this.#added.push([element, tree]);
  }

  removed(element: string, tree: FieldSet): void {
    this.#removed.push([element, tree]);
  }

  modified(element: string): void {
    this.#modified.push([element, emptySet]);
  }

  result(): Change | undefined {
    const added = makeNode(false, this.#added);
    const modified = makeNode(false, this.#modified);
    const removed = makeNode(false, this.#removed);
    if (added === undefined && modified === undefined && removed === undefined) return undefined;
    return { added, modified, removed };
  }
}

const noFields: JsonObject = Object.freeze({});

function compareMaps(before: unknown, after: unknown, schema: Schema): Change | undefined {
  const left = isObject(before) ? before : noFields;
  const right = isObject(after) ? after : noFields;
  /** A null struct has no fields, an empty one has its zero values. */
  const leftZeros = left === before && schema.type === 'object' ? schema : undefined;
  const rightZeros = right === after && schema.type === 'object' ? schema : undefined;
  let changes: Changes | undefined;
  const visit = (name: string, was: unknown, is: unknown) => {
    if (was === is) return;
    const childSchema = fieldSchema(schema, name);
    if (was === undefined) (changes ??= new Changes()).added(fieldElement(name), treeOf(is, childSchema));
    else if (is === undefined) (changes ??= new Changes()).removed(fieldElement(name), treeOf(was, childSchema));
    else {
      const change = compare(was, is, childSchema);
      if (change !== undefined) (changes ??= new Changes()).add(fieldElement(name), change);
    }
  };
  for (const name in right) {
    if (right[name] === undefined) continue;
    visit(name, ownOrZero(left, name, leftZeros), right[name]);
  }
  for (const name in left) {
    if (left[name] === undefined || (Object.hasOwn(right, name) && right[name] !== undefined)) continue;
    visit(name, left[name], rightZeros === undefined ? undefined : zeroOfField(rightZeros, name));
  }
  if (leftZeros !== rightZeros) visitZeros(schema as ObjectSchema, left, right, leftZeros !== undefined, visit);
  return changes?.result();
}

function ownOrZero(object: JsonObject, name: string, zeros: ObjectSchema | undefined): unknown {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return value === undefined && zeros !== undefined ? zeroOfField(zeros, name) : value;
}

/** Zero values that only one side has, since the other is null. */
function visitZeros(
  schema: ObjectSchema,
  left: JsonObject,
  right: JsonObject,
  onLeft: boolean,
  visit: (name: string, was: unknown, is: unknown) => void,
): void {
  for (const { name, zero } of zeroFields(schema)) {
    if (left[name] !== undefined || right[name] !== undefined) continue;
    visit(name, onLeft ? zero : undefined, onLeft ? undefined : zero);
  }
}

function compareLists(before: unknown, after: unknown, schema: ListSchema): Change | undefined {
  const left: readonly unknown[] = Array.isArray(before) ? before : [];
  const right: readonly unknown[] = Array.isArray(after) ? after : [];
  if (sameItems(left, right, schema)) return undefined;
  const leftItems = groupItems(left, schema);
  const rightItems = groupItems(right, schema);
  const changes = new Changes();
  for (const [element, items] of rightItems)
    compareItem(element, leftItems.get(element) ?? [], items, schema.items, changes);
  for (const [element, items] of leftItems) {
    if (!rightItems.has(element)) compareItem(element, items, [], schema.items, changes);
  }
  return changes.result();
}

/** The usual case: the same items in the same order, equal pair by pair; found without building a single element. */
function sameItems(left: readonly unknown[], right: readonly unknown[], schema: ListSchema): boolean {
  if (left.length !== right.length || left.length === 0) return false;
  for (let index = 0; index < left.length; index++) {
    const a = left[index];
    const b = right[index];
    if (a === b) continue;
    if (!sameItem(a, b, schema) || compare(a, b, schema.items) !== undefined) return false;
  }
  return true;
}

function groupItems(list: readonly unknown[], schema: ListSchema): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOf(item, schema);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}

/** Items that share an element are one leaf: upstream lets old objects keep duplicates. */
function compareItem(
  element: string,
  was: readonly unknown[],
  is: readonly unknown[],
  schema: Schema,
  changes: Changes,
): void {
  if (was.length > 1 && is.length > 1) {
    if (!deepEqual(was, is)) changes.modified(element);
    return;
  }
  if (was.length > 1) {
    if (is.length === 1) changes.added(element, treeOf(is[0], schema));
    else changes.removed(element, emptySet);
  } else if (is.length > 1) {
    changes.added(element, emptySet);
  } else if (was.length === 0) {
    changes.added(element, treeOf(is[0], schema));
  } else if (is.length === 0) {
    changes.removed(element, treeOf(was[0], schema));
  } else {
    const change = compare(was[0], is[0], schema);
    if (change !== undefined) changes.add(element, change);
  }
}
