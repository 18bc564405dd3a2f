import { CelError } from '../cel-error.ts';
import { applyBinary } from '../operators.ts';
import {
  CelList,
  CelOptional,
  celCompare,
  celEquals,
  celTypeOf,
  type CelValue,
  elementsOf,
  isList,
  lookUp,
  noValue,
} from '../values.ts';
import type { Function, Functions } from './function.ts';

const ofList =
  (use: (list: readonly CelValue[], ...args: readonly CelValue[]) => CelValue | undefined): Function =>
  ([list, ...args]) =>
    list !== undefined && isList(list) ? use(elementsOf(list), ...args) : undefined;

const ofLists = (use: (a: readonly CelValue[], b: readonly CelValue[]) => CelValue): Function =>
  ofList((a, b) => (b !== undefined && isList(b) ? use(a, elementsOf(b)) : undefined));

const holds = (list: readonly CelValue[], value: CelValue) => list.some((each) => celEquals(each, value));
const first = (list: readonly CelValue[]) => (list.length === 0 ? noValue : new CelOptional(list[0]));
const rangeMax = 1_000_000n;

function isSorted(list: readonly CelValue[]): boolean {
  return list.every((each, index) => index === 0 || (celCompare(list[index - 1] as CelValue, each) ?? 1) <= 0);
}

function best(list: readonly CelValue[], sign: number, name: string): CelValue {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  return list.reduce((found, each) => ((celCompare(each, found) ?? 0) * sign > 0 ? each : found));
}

function sorted(list: readonly CelValue[], keys: readonly CelValue[]): CelValue {
  if (keys.length !== list.length) {
    throw new CelError(`@sortByAssociatedKeys() expected a list of the same size as the associated keys list`);
  }
  const [model] = keys;
  if (keys.some((key) => celTypeOf(key) !== celTypeOf(model as CelValue)))
    throw new CelError('list elements must have the same type');
  if (model !== undefined && celCompare(model, model) === undefined)
    throw new CelError('list elements must be comparable');
  const order = list.map((_value, index) => index);
  order.sort((a, b) => celCompare(keys[a] as CelValue, keys[b] as CelValue) ?? 0);
  return CelList.copy(order.map((index) => list[index] as CelValue));
}

function flatten(list: readonly CelValue[], depth: CelValue = 1n): CelValue | undefined {
  if (typeof depth !== 'bigint') return undefined;
  if (depth < 0n) throw new CelError('level must be non-negative');
  const flat = new CelList();
  const add = (values: readonly CelValue[], left: bigint) => {
    for (const each of values) {
      if (left > 0n && isList(each)) add(elementsOf(each), left - 1n);
      else flat.push(each);
    }
  };
  add(list, depth);
  return flat;
}

function slice(list: readonly CelValue[], start?: CelValue, end?: CelValue): CelValue | undefined {
  if (typeof start !== 'bigint' || typeof end !== 'bigint') return undefined;
  if (start < 0n || end < 0n) throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    throw new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > BigInt(list.length)) throw new CelError(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return CelList.copy(list.slice(Number(start), Number(end)));
}

function range([count]: readonly CelValue[]): CelValue | undefined {
  if (typeof count !== 'bigint') return undefined;
  if (count < 0n) throw new CelError(`lists.range: size must be non-negative, got ${count}`);
  if (count > rangeMax) throw new CelError(`lists.range: size ${count} exceeds maximum allowed size ${rangeMax}`);
  return CelList.copy(Array.from({ length: Number(count) }, (_, index) => BigInt(index)));
}

function join(list: readonly CelValue[], separator: CelValue = ''): CelValue | undefined {
  if (typeof separator !== 'string') return undefined;
  for (const each of list) if (typeof each !== 'string') throw new CelError(`join: invalid input: ${String(each)}`);
  return list.join(separator);
}

/** The sum of nothing is zero of the type that the list would have; where that is not known, zero. */
const sum = (list: readonly CelValue[]): CelValue =>
  list.length === 0 ? 0n : list.reduce((total, each) => applyBinary('+', total, each));

/** What may be called on lists: Kubernetes' own and cel-go's ext/lists.go, ext/sets.go, ext/comprehensions.go. */
export const listFunctions: Functions = {
  isSorted: ofList(isSorted),
  sum: ofList(sum),
  min: ofList((list) => best(list, -1, 'min')),
  max: ofList((list) => best(list, 1, 'max')),
  indexOf: ofList((list, value = null) => BigInt(list.findIndex((each) => celEquals(each, value)))),
  lastIndexOf: ofList((list, value = null) => BigInt(list.findLastIndex((each) => celEquals(each, value)))),
  includes: ([target = null, value = null]) =>
    isList(target) ? holds(elementsOf(target), value) : celEquals(target, value),
  join: ofList(join),
  distinct: ofList((list) =>
    CelList.copy(list.filter((each, index) => list.findIndex((other) => celEquals(each, other)) === index)),
  ),
  reverse: ofList((list) => CelList.copy(list.toReversed())),
  sort: ofList((list) => sorted(list, list)),
  '@sortByAssociatedKeys': ofLists(sorted),
  slice: ofList(slice),
  flatten: ofList(flatten),
  first: ofList(first),
  last: ofList((list) => first(list.slice(-1))),
  'lists.range': range,
  'sets.contains': ofLists((a, b) => b.every((each) => holds(a, each))),
  'sets.intersects': ofLists((a, b) => b.some((each) => holds(a, each))),
  'sets.equivalent': ofLists((a, b) => a.every((each) => holds(b, each)) && b.every((each) => holds(a, each))),
  'cel.@mapInsert': mapInsert,
};

/** Adds to the map that a comprehension makes; nobody else has seen it. */
function mapInsert([map, key, value]: readonly CelValue[]): CelValue | undefined {
  if (!(map instanceof Map)) return undefined;
  const target: Map<CelValue, CelValue> = map;
  const entries: [CelValue, CelValue][] =
    value === undefined && key instanceof Map
      ? [...(key as Map<CelValue, CelValue>)]
      : [[key as CelValue, value as CelValue]];
  for (const [name, held] of entries) {
    if (lookUp(target, name) !== undefined) throw new CelError(`insert failed: key ${String(name)} already exists`);
    target.set(name, held);
  }
  return target;
}
