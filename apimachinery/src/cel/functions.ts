import { CelError } from './cel-error.ts';
import { Address, AddressRange } from './network-types.ts';
import { checkInt } from './operators.ts';
import { QuantityValue } from './quantity-type.ts';
import type { RegexCompiler } from './regex.ts';
import { CelDuration, CelTimestamp } from './time.ts';
import { UrlValue } from './url-type.ts';
import {
  CelObject,
  CelOptional,
  CelType,
  CelUint,
  celCompare,
  celEquals,
  celTypeOf,
  type CelValue,
  elementsOf,
  entriesOf,
  isList,
  isMap,
  noValue,
} from './values.ts';

/** Undefined: not for arguments of these types. */
export type GlobalFunction = (args: readonly CelValue[], regex: RegexCompiler) => CelValue | undefined;

const ofString =
  (make: (text: string) => CelValue): GlobalFunction =>
  ([text]) =>
    typeof text === 'string' ? make(text) : undefined;

/** Whether a text is one: what cannot be parsed is not. */
const parses = (parse: (text: string) => unknown): GlobalFunction =>
  ofString((text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof CelError) return false;
      throw error;
    }
  });

export function sizeOf(value: CelValue | undefined): bigint | undefined {
  if (typeof value === 'string') return BigInt([...value].length);
  if (value instanceof Uint8Array) return BigInt(value.length);
  if (value === undefined || value === null || value instanceof CelObject) return undefined;
  if (isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(entriesOf(value).length) : undefined;
}

function toInt(value: CelValue | undefined): CelValue | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return checkInt(value.value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CelError('integer overflow');
    return checkInt(BigInt(Math.trunc(value)));
  }
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw new CelError(`type conversion error from 'string' to 'int'`);
    return checkInt(BigInt(value));
  }
  return value instanceof CelTimestamp ? value.nanos / 1_000_000_000n : undefined;
}

function toDouble(value: CelValue | undefined): CelValue | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (typeof value !== 'string') return undefined;
  const number = Number(value);
  if (value.trim() === '' || Number.isNaN(number))
    throw new CelError(`type conversion error from 'string' to 'double'`);
  return number;
}

export function toText(value: CelValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return new TextDecoder('utf-8', { fatal: true }).decode(value);
  if (value instanceof CelUint) return String(value.value);
  return value instanceof CelObject ? String(value) : undefined;
}

export const globalFunctions: Readonly<Record<string, GlobalFunction>> = {
  size: ([value]) => sizeOf(value),
  int: ([value]) => toInt(value),
  uint: ([value]) => {
    const number = toInt(value);
    return typeof number === 'bigint' ? new CelUint(number) : undefined;
  },
  double: ([value]) => toDouble(value),
  string: ([value]) => toText(value),
  bool: ([value]) =>
    typeof value === 'boolean' ? value : value === 'true' ? true : value === 'false' ? false : undefined,
  bytes: ([value]) =>
    typeof value === 'string' ? new TextEncoder().encode(value) : value instanceof Uint8Array ? value : undefined,
  dyn: ([value]) => value,
  type: ([value]) => (value === undefined ? undefined : new CelType(celTypeOf(value))),
  duration: ([value]) =>
    value instanceof CelDuration ? value : typeof value === 'string' ? CelDuration.parse(value) : undefined,
  timestamp: ([value]) =>
    value instanceof CelTimestamp ? value : typeof value === 'string' ? CelTimestamp.parse(value) : undefined,
  matches: ([text, pattern], regex) =>
    typeof text === 'string' && typeof pattern === 'string' ? regex(pattern).test(text) : undefined,
  quantity: ofString((text) => new QuantityValue(text)),
  isQuantity: parses((text) => new QuantityValue(text)),
  url: ofString((text) => new UrlValue(text)),
  isURL: parses((text) => new UrlValue(text)),
  ip: ofString((text) => Address.parse(text)),
  isIP: parses((text) => Address.parse(text)),
  cidr: ofString((text) => AddressRange.parse(text)),
  isCIDR: parses((text) => AddressRange.parse(text)),
};

function extreme(values: readonly CelValue[], sign: number): CelValue | undefined {
  const all =
    values.length === 1 && isList(values[0] as CelValue) ? elementsOf(values[0] as readonly CelValue[]) : values;
  return all.reduce<CelValue | undefined>((best, each) => {
    return best === undefined || (celCompare(each, best) ?? 0) * sign > 0 ? each : best;
  }, undefined);
}

const listsOf = (args: readonly CelValue[], use: (a: CelValue[], b: CelValue[]) => CelValue): CelValue | undefined => {
  const [a, b] = args;
  return a !== undefined && b !== undefined && isList(a) && isList(b) ? use(elementsOf(a), elementsOf(b)) : undefined;
};
const holds = (list: readonly CelValue[], value: CelValue) => list.some((each) => celEquals(each, value));
const isZero = (value: CelValue) =>
  value === null || value === false || value === '' || value === 0n || value === 0 || sizeOf(value) === 0n;

export const namespacedFunctions: Readonly<Record<string, GlobalFunction>> = {
  'optional.of': ([value]) => new CelOptional(value),
  'optional.none': () => noValue,
  'optional.ofNonZeroValue': ([value]) => (value === undefined || isZero(value) ? noValue : new CelOptional(value)),
  'sets.contains': (args) => listsOf(args, (a, b) => b.every((each) => holds(a, each))),
  'sets.intersects': (args) => listsOf(args, (a, b) => b.some((each) => holds(a, each))),
  'sets.equivalent': (args) =>
    listsOf(args, (a, b) => a.every((each) => holds(b, each)) && b.every((each) => holds(a, each))),
  'math.greatest': (args) => extreme(args, 1),
  'math.least': (args) => extreme(args, -1),
  'ip.isCanonical': ofString((text) => Address.parse(text).toString() === text),
  'strings.quote': ofString((text) => JSON.stringify(text)),
  'jsonpatch.escapeKey': ofString((text) => text.replaceAll('~', '~0').replaceAll('/', '~1')),
  'lists.range': ([count]) =>
    typeof count === 'bigint' ? Array.from({ length: Number(count) }, (_, index) => BigInt(index)) : undefined,
};
