import { badRequest, genericServerResponse, plainError } from '../errors/index.ts';
import { deepCopy, getField, isObject, type JsonObject, setField, shallowCopy } from '../json/index.ts';
import type { Schema } from '../schema/schema.ts';
import { jsonType } from '../structural/index.ts';
import { goTypeOf, goValue } from './go-value.ts';
import { itemSchema, type PatchField, patchField } from './patch-schema.ts';

export const directive = '$patch';
export const retainKeys = '$retainKeys';
export const deletePrefix = '$deleteFromPrimitiveList';
export const orderPrefix = '$setElementOrder';

const badPrimitiveList = 'invalid patch format of primitive list';
const badRetainKeys = 'invalid patch format of retainKeys';
const badElementOrder = 'invalid patch format of setElementOrder list';

/**
 * Applies a strategic merge patch (apimachinery/pkg/util/strategicpatch): objects merge field by field, lists are replaced
 * or merged by key as `schema` says, and directives in the patch delete, replace and order. Neither document nor patch is
 * changed; the result shares with the document what the patch leaves alone. Throws BadRequest for a malformed
 * patch, and a plain 500 where upstream wraps no error: an item without its merge key.
 */
export function applyStrategicMergePatch<T>(document: T, patch: unknown, schema: Schema): T {
  if (!isObject(patch))
    throw badRequest(`json: cannot unmarshal ${jsonType(patch)} into Go value of type map[string]interface {}`);
  return mergeObject(isObject(document) ? document : {}, patch, schema) as T;
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (Object.hasOwn(patch, directive)) return followDirective(patch);
  const result = shallowCopy(original);
  if (Object.hasOwn(patch, retainKeys)) retain(result, patch);
  const done = orderLists(result, patch, schema);
  for (const key of Object.keys(patch)) {
    if (key.startsWith(deletePrefix)) deleteFromList(result, key, patch[key], schema);
  }
  for (const name of Object.keys(patch)) {
    if (name === retainKeys || done.has(name) || name.startsWith(deletePrefix) || name.startsWith(orderPrefix))
      continue;
    mergeField(result, name, patch[name], schema);
  }
  return result;
}

function followDirective(patch: JsonObject): JsonObject {
  const what = patch[directive];
  if (what === 'delete') return {};
  if (what !== 'replace') throw plainError(`unknown patch type: ${goValue(what)} in map: ${goValue(patch)}`);
  const { [directive]: _, ...rest } = patch;
  return deepCopy(rest);
}

/** `$retainKeys`: fields that are not listed go; the patch may set no others. */
function retain(result: JsonObject, patch: JsonObject): void {
  const list = patch[retainKeys];
  if (!Array.isArray(list)) throw badRequest(badRetainKeys);
  const kept = new Set<unknown>(list);
  for (const name of Object.keys(patch)) {
    if (name === retainKeys || patch[name] === null || name.startsWith(deletePrefix) || name.startsWith(orderPrefix))
      continue;
    if (!kept.has(name)) throw badRequest(badRetainKeys);
  }
  for (const name of Object.keys(result)) if (!kept.has(name)) delete result[name];
}

function mergeField(result: JsonObject, name: string, value: unknown, schema: Schema | undefined): void {
  if (value === null) {
    delete result[name];
    return;
  }
  const before = getField(result, name);
  const field = patchField(schema, name);
  if (isObject(before) && isObject(value)) {
    setField(result, name, field.strategy === 'replace' ? deepCopy(value) : mergeObject(before, value, field.schema));
  } else if (Array.isArray(before) && Array.isArray(value)) {
    setField(result, name, field.strategy === 'merge' ? mergeList(before, value, field) : deepCopy(value));
  } else {
    const [kept, clean] = withoutDirectives(value);
    if (kept) setField(result, name, clean);
    else delete result[name];
  }
}

/** The value of a patch as it is stored where there was nothing before: without nulls and without directives. */
function withoutDirectives(value: unknown): [kept: boolean, value: unknown] {
  if (Array.isArray(value)) {
    return [true, value.map(withoutDirectives).flatMap(([kept, item]) => (kept ? [item] : []))];
  }
  if (!isObject(value)) return [true, value];
  if (Object.hasOwn(value, directive)) return [false, undefined];
  const result: JsonObject = {};
  for (const name of Object.keys(value)) {
    if (value[name] === null) continue;
    const [kept, clean] = withoutDirectives(value[name]);
    if (kept) setField(result, name, clean);
  }
  return [true, result];
}

function directiveTarget(key: string, prefix: string, problem: string): string {
  if (key[prefix.length] !== '/') throw badRequest(problem);
  return key.slice(prefix.length + 1);
}

function deleteFromList(result: JsonObject, key: string, values: unknown, schema: Schema | undefined): void {
  const name = directiveTarget(key, deletePrefix, badPrimitiveList);
  if (!Object.hasOwn(result, name)) return;
  const field = patchField(schema, name);
  const ofStructs = field.schema?.type === 'list' && field.schema.items.type === 'object';
  if (ofStructs && field.mergeKey === '') throw plainError('cannot merge lists without merge key for struct');
  const list = getField(result, name);
  if (!Array.isArray(values)) throw badRequest(badPrimitiveList);
  if (!Array.isArray(list)) return;
  const gone = new Set<unknown>(values);
  setField(
    result,
    name,
    list.filter((item) => !gone.has(item)),
  );
}

/** Handles every `$setElementOrder/<list>` together with its list; answers the names of the lists that are done. */
function orderLists(result: JsonObject, patch: JsonObject, schema: Schema | undefined): ReadonlySet<string> {
  const done = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = directiveTarget(key, orderPrefix, badElementOrder);
    const order = patch[key];
    const before = getField(result, name) ?? [];
    const changes = getField(patch, name) ?? [];
    if (!Array.isArray(order) || !Array.isArray(before) || !Array.isArray(changes)) throw badRequest(badElementOrder);
    const field = patchField(schema, name);
    checkOrder(changes, order, field.mergeKey);
    if (!Object.hasOwn(result, name) && !Object.hasOwn(patch, name)) continue;
    const deletions = `${deletePrefix}/${name}`;
    if (Object.hasOwn(patch, deletions)) deleteFromList(result, deletions, patch[deletions], schema);
    setField(
      result,
      name,
      orderedList((getField(result, name) as unknown[] | undefined) ?? [], before, changes, order, field),
    );
    done.add(name);
  }
  return done;
}

function orderedList(
  current: readonly unknown[],
  before: readonly unknown[],
  changes: readonly unknown[],
  order: readonly unknown[],
  field: PatchField,
): unknown[] {
  let merged: readonly unknown[] = current;
  if (changes.length > 0) {
    if (current.length > 0 && field.strategy !== 'merge') return deepCopy([...changes]);
    merged = current.length > 0 ? mergeList(current, changes, field) : (withoutDirectives(changes)[1] as unknown[]);
  }
  return arrange(merged, order, before, field.mergeKey);
}

/** The items of the patch must be in the order list, in the same order. */
function checkOrder(changes: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0) return;
  const staying = mergeKey === '' ? changes : changes.filter((item) => getField(mapOf(item), directive) !== 'delete');
  let [index, position] = [0, 0];
  while (index < staying.length && position < order.length) {
    const item = staying[index];
    const isDirective = isObject(item) && Object.hasOwn(item, directive);
    if (isDirective || identityOf(item, mergeKey) === identityOf(order[position], mergeKey)) index++;
    if (!isDirective) position++;
  }
  if (index === staying.length) return;
  const text = `The order in patch list:\n${goValue(changes)}\n doesn't match $setElementOrder list:\n${goValue(order)}\n`;
  throw plainError(text);
}

function mapOf(item: unknown): JsonObject {
  if (isObject(item)) return item;
  throw plainError(`expected a map[string]interface {}, but received a ${goTypeOf(item)}`);
}

/** What makes two items of a merging list the same one: the value of the merge key, or the item where there is none. */
function identityOf(item: unknown, mergeKey: string): unknown {
  if (mergeKey === '') return item;
  const identity = getField(mapOf(item), mergeKey);
  if (identity === undefined) {
    throw plainError(`map: ${goValue(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return identity;
}

function mergeList(before: readonly unknown[], changes: readonly unknown[], field: PatchField): unknown[] {
  const sample = before[0] ?? changes[0];
  if (Array.isArray(sample)) {
    throw genericServerResponse({ code: 422, serverMessage: 'lists of lists are not supported' });
  }
  if (!isObject(sample)) return arrange([...new Set([...before, ...changes])], changes, before, '');
  if (field.mergeKey === '') throw plainError('cannot merge lists without merge key for struct');
  const { kept, plain } = followItemDirectives(before, changes, field.mergeKey);
  const positions = new Map<unknown, number>();
  for (const [index, item] of kept.entries()) {
    const identity = identityOf(item, field.mergeKey);
    if (!positions.has(identity)) positions.set(identity, index);
  }
  const merged = [...kept];
  const schema = itemSchema(field.schema);
  for (const item of plain) {
    const identity = identityOf(item, field.mergeKey);
    const index = positions.get(identity);
    if (index === undefined) {
      positions.set(identity, merged.length);
      merged.push(withoutDirectives(item)[1]);
    } else {
      merged[index] = mergeObject(merged[index] as JsonObject, item, schema);
    }
  }
  return arrange(merged, plain, kept, field.mergeKey);
}

/** Items with `$patch: delete` take items away; one with `$patch: replace` takes all. The rest is to be merged. */
function followItemDirectives(before: readonly unknown[], changes: readonly unknown[], mergeKey: string) {
  const gone = new Set<unknown>();
  const plain: JsonObject[] = [];
  let replace = false;
  for (const item of changes) {
    const map = mapOf(item);
    const what = getField(map, directive);
    if (what === undefined) plain.push(map);
    else if (what === 'delete') gone.add(identityOf(item, mergeKey));
    else if (what === 'replace') replace = true;
    else if (what === 'merge') throw plainError('merging lists cannot yet be specified in the patch');
    else throw plainError(`unknown patch type: ${goValue(what)} in map: ${goValue(item)}`);
  }
  const kept = replace ? [] : before.filter((item) => gone.size === 0 || !gone.has(identityOf(item, mergeKey)));
  return { kept, plain };
}

/**
 * Orders a merged list: items named by `order` keep that order, the others keep the order of `before`, and the two are
 * interleaved so that an item that stood before a named one still does.
 */
function arrange(
  merged: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const wanted = positionsOf(order, mergeKey);
  const live = positionsOf(before, mergeKey);
  const named: unknown[] = [];
  const others: unknown[] = [];
  for (const item of merged) (wanted.has(identityOf(item, mergeKey)) ? named : others).push(item);
  sortBy(named, wanted, mergeKey);
  sortBy(others, live, mergeKey);
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const position = live.get(identityOf(item, mergeKey));
    while (position !== undefined && next < others.length) {
      const other = live.get(identityOf(others[next], mergeKey));
      if (other === undefined || other > position) break;
      result.push(others[next++]);
    }
    result.push(item);
  }
  return result.concat(others.slice(next));
}

function positionsOf(list: readonly unknown[], mergeKey: string): Map<unknown, number> {
  const positions = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item, mergeKey);
    if (!positions.has(identity)) positions.set(identity, index);
  }
  return positions;
}

function sortBy(items: unknown[], positions: ReadonlyMap<unknown, number>, mergeKey: string): void {
  const end = positions.size;
  items.sort(
    (a, b) => (positions.get(identityOf(a, mergeKey)) ?? end) - (positions.get(identityOf(b, mergeKey)) ?? end),
  );
}
