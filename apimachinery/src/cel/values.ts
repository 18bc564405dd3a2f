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

  override call(name: string, args: readonly CelValue[]): CelValue | undefined {
    const [first] = args;
    switch (name) {
      case 'hasValue':
        return this.value !== undefined;
      case 'value':
        if (this.value === undefined) throw new CelError('optional.none() dereference');
        return this.value;
      case 'orValue':
        return this.value === undefined ? first : this.value;
      case 'or':
        return this.value === undefined ? first : this;
      default:
        return undefined;
    }
  }
}

export const noValue = new CelOptional(undefined);

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
  if (value instanceof CelObject) return String(value);
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
  return list.map(fromJson);
}

type Numeric = bigint | number | CelUint;

export function isNumeric(value: CelValue): value is Numeric {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

export function compareNumbers(a: CelValue, b: CelValue): number | undefined {
  if (!isNumeric(a) || !isNumeric(b)) return undefined;
  const left = a instanceof CelUint ? a.value : a;
  const right = b instanceof CelUint ? b.value : b;
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
    return (
      isList(a) &&
      isList(b) &&
      a.length === b.length &&
      a.every((item, index) => celEquals(fromJson(item), fromJson(b[index])))
    );
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
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      if (a[index] !== b[index]) return (a[index] as number) - (b[index] as number);
    }
    return a.length - b.length;
  }
  return undefined;
}
