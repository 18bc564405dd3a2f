import { CelError } from './cel-error.ts';

/**
 * A value of an expression. Integers are bigint, doubles are number; numbers in JSON without a fraction count as integers.
 * Maps are JSON objects, or Map where an expression made them.
 */
export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly CelValue[]
  | ReadonlyMap<CelValue, CelValue>
  | CelObject
  | { readonly [field: string]: unknown };

/** A value of a type of its own: durations, quantities, addresses, authorizers. */
export abstract class CelObject {
  abstract readonly typeName: string;

  /** Calls a method; undefined where there is no such one for these arguments. */
  call(_name: string, _args: readonly CelValue[]): CelValue | undefined {
    return undefined;
  }

  equals(other: CelValue): boolean {
    return this === other;
  }

  /** What `string()` makes of it; undefined where there is no such conversion. */
  toText(): string | undefined {
    return undefined;
  }

  /** What it is in JSON; most values are their text there. */
  toJson(): unknown {
    return String(this);
  }

  /** Below, equal, above; undefined where values of this type have no order. */
  compare(_other: CelValue): number | undefined {
    return undefined;
  }
}

export class CelUint extends CelObject {
  readonly typeName = 'uint';
  readonly value: bigint;

  constructor(value: bigint) {
    super();
    if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
    this.value = value;
  }

  override equals(other: CelValue): boolean {
    return compareNumbers(this, other) === 0;
  }

  override compare(other: CelValue): number | undefined {
    return compareNumbers(this, other);
  }
}

export class CelType extends CelObject {
  readonly typeName = 'type';
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelType && other.name === this.name;
  }
}

export class CelOptional extends CelObject {
  readonly typeName = 'optional_type';
  readonly value: CelValue | undefined;

  constructor(value: CelValue | undefined) {
    super();
    this.value = value;
  }

  override equals(other: CelValue): boolean {
    if (!(other instanceof CelOptional)) return false;
    if (this.value === undefined || other.value === undefined) return this.value === other.value;
    return celEquals(this.value, other.value);
  }

  override call(name: string): CelValue | undefined {
    if (name === 'hasValue') return this.value !== undefined;
    if (name !== 'value') return undefined;
    if (this.value === undefined) throw new CelError('optional.none() dereference');
    return this.value;
  }
}

export const noValue = new CelOptional(undefined);

/** An optional with that value, or none. */
export const celOptional = (value: CelValue | undefined): CelOptional =>
  value === undefined ? noValue : new CelOptional(value);

/**
 * A list that an expression made: its elements are values as they are, so that 1.0 in it stays a double. In a list that
 * came out of JSON an integer is an int.
 */
export class CelList extends Array<CelValue> {
  static copy(values: Iterable<CelValue>): CelList {
    const list = new CelList();
    for (const value of values) list.push(value);
    return list;
  }
}

/** A list whose order says nothing: a set, or a map of objects by keys (`x-kubernetes-list-type`). */
export class KeyedList extends CelList {
  /** Says which element an element is. */
  keyOf: (element: CelValue) => string = String;

  static make(values: Iterable<CelValue>, keyOf: (element: CelValue) => string): KeyedList {
    const list = new KeyedList();
    list.keyOf = keyOf;
    for (const value of values) list.push(value);
    return list;
  }

  /** Those of this list, with what the other has under the same key in their place, then the rest of the other. */
  merged(other: readonly CelValue[]): KeyedList {
    const byKey = new Map<string, CelValue>();
    for (const element of [...this, ...other]) byKey.set(this.keyOf(element), element);
    return KeyedList.make(byKey.values(), this.keyOf);
  }

  equalsUnordered(other: readonly CelValue[]): boolean {
    if (other.length !== this.length) return false;
    const byKey = new Map(elementsOf(other).map((element) => [this.keyOf(element), element]));
    return this.every((element) => {
      const found = byKey.get(this.keyOf(element));
      return found !== undefined && celEquals(element, found);
    });
  }
}

/** Makes what comes out of JSON a value. */
export function fromJson(value: unknown): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === undefined) return null;
  return value as CelValue;
}

/** Makes a value JSON: integers numbers, maps objects, values of own types text. */
export function toJson(value: CelValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof CelOptional) return value.value === undefined ? undefined : toJson(value.value);
  if (value instanceof CelObject) return value.toJson();
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (isList(value)) return elementsOf(value).map(toJson);
  return Object.fromEntries(entriesOf(value).map(([key, held]) => [String(key), toJson(held)]));
}

export function celTypeOf(value: CelValue): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
      if (value instanceof CelObject) return value.typeName;
      if (value instanceof Uint8Array) return 'bytes';
      return Array.isArray(value) ? 'list' : 'map';
  }
}

export function isMap(
  value: CelValue,
): value is ReadonlyMap<CelValue, CelValue> | { readonly [field: string]: unknown } {
  return celTypeOf(value) === 'map';
}

export function isList(value: CelValue): value is readonly CelValue[] {
  return Array.isArray(value);
}

/** The value under a key; undefined for none. */
export function lookUp(map: CelValue, key: CelValue): CelValue | undefined {
  if (map instanceof Map) {
    if (map.has(key)) return map.get(key) as CelValue;
    for (const [each, value] of map) if (celEquals(each as CelValue, key)) return value as CelValue;
    return undefined;
  }
  if (typeof key !== 'string' || !Object.hasOwn(map as object, key)) return undefined;
  const value = (map as Record<string, unknown>)[key];
  return value === undefined ? undefined : fromJson(value);
}

export function entriesOf(map: CelValue): [CelValue, CelValue][] {
  if (map instanceof Map) return [...map] as [CelValue, CelValue][];
  return Object.entries(map as object)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, fromJson(value)]);
}

export function elementsOf(list: readonly unknown[]): CelValue[] {
  return list instanceof CelList ? list : list.map(fromJson);
}

/** The element at a position that is known to be one. */
export function elementAt(list: readonly CelValue[], position: number): CelValue {
  return list instanceof CelList ? (list[position] as CelValue) : fromJson(list[position]);
}

type Numeric = bigint | number | CelUint;

export function isNumeric(value: CelValue): value is Numeric {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

export function compareNumbers(a: CelValue, b: CelValue): number | undefined {
  if (!isNumeric(a) || !isNumeric(b)) return undefined;
  // An integer beside a double counts as the double next to it, as in cel-go.
  const isDouble = typeof a === 'number' || typeof b === 'number';
  const plain = (value: Numeric) => (value instanceof CelUint ? value.value : value);
  const left = isDouble ? Number(plain(a)) : plain(a);
  const right = isDouble ? Number(plain(b)) : plain(b);
  return left < right ? -1 : left > right ? 1 : left == right ? 0 : undefined;
}

export function celEquals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (a instanceof CelObject) return a.equals(b);
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return (
      a instanceof Uint8Array &&
      b instanceof Uint8Array &&
      a.length === b.length &&
      a.every((byte, index) => byte === b[index])
    );
  }
  if (isList(a) || isList(b)) {
    if (!isList(a) || !isList(b) || a.length !== b.length) return false;
    if (a instanceof KeyedList) return a.equalsUnordered(b);
    return a.every((_item, index) => celEquals(elementAt(a, index), elementAt(b, index)));
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  const entries = entriesOf(a);
  if (entries.length !== entriesOf(b).length) return false;
  return entries.every(([key, value]) => {
    const other = lookUp(b, key);
    return other !== undefined && celEquals(value, other);
  });
}

/** Below, equal, above; undefined where the two have no common order. */
export function celCompare(a: CelValue, b: CelValue): number | undefined {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (a instanceof CelObject) return a.compare(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      if (a[index] !== b[index]) return (a[index] as number) - (b[index] as number);
    }
    return a.length - b.length;
  }
  return undefined;
}

const surrogate = /[\ud800-\udfff]/;

/** By code points, as bytes of UTF-8 are in order; UTF-16 units are not where surrogates are among them. */
function compareText(a: string, b: string): number {
  if (!surrogate.test(a) && !surrogate.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The length of a text, in code points. */
export function textLength(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}
