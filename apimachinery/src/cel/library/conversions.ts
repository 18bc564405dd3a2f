import { parseBool } from '../../json/index.ts';
import { FieldsOnly } from '../native-maps.ts';
import { CelError } from '../cel-error.ts';
import { checkInt } from '../operators.ts';
import { CelDuration, CelTimestamp } from '../time.ts';
import {
  CelObject,
  CelType,
  CelUint,
  celTypeOf,
  type CelValue,
  entriesOf,
  isList,
  isMap,
  textLength,
} from '../values.ts';
import type { Functions } from './function.ts';
import { formatDouble } from './numbers.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `size()`, and `int()` and the like. */
export const conversionFunctions: Functions = {
  size: ([value]) => sizeOf(value as CelValue),
  int: ([value]) => toInt(value as CelValue),
  uint: ([value]) => toUint(value as CelValue),
  double: ([value]) => toDouble(value as CelValue),
  string: ([value]) => toText(value as CelValue),
  bool: ([value]) => {
    if (typeof value !== 'string') return typeof value === 'boolean' ? value : undefined;
    const parsed = parseBool(value);
    if (parsed === undefined) throw noConversion('string', 'bool');
    return parsed;
  },
  bytes: ([value]) => (typeof value === 'string' ? new TextEncoder().encode(value) : asBytes(value)),
  dyn: ([value]) => value,
  type: ([value]) => new CelType(celTypeOf(value as CelValue)),
  duration: ([value]) => (typeof value === 'string' ? CelDuration.parse(value) : isA(value, CelDuration)),
  timestamp: ([value]) => {
    if (typeof value === 'bigint') return CelTimestamp.ofSeconds(value);
    return typeof value === 'string' ? CelTimestamp.parse(value) : isA(value, CelTimestamp);
  },
};

const asBytes = (value: CelValue | undefined) => (value instanceof Uint8Array ? value : undefined);
const isA = <T>(value: unknown, type: abstract new (...args: never[]) => T): T | undefined =>
  value instanceof type ? value : undefined;

const noConversion = (from: string, to: string) => new CelError(`type conversion error from '${from}' to '${to}'`);

export function sizeOf(value: CelValue): bigint | undefined {
  if (typeof value === 'string') return BigInt(textLength(value));
  if (value === null || value instanceof CelObject) return undefined;
  if (value instanceof Uint8Array || isList(value)) return BigInt(value.length);
  return isMap(value) && !(value instanceof FieldsOnly) ? BigInt(entriesOf(value).length) : undefined;
}

function toInt(value: CelValue): CelValue | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return checkInt(value.value);
  if (typeof value === 'number') {
    // The bounds themselves are no doubles that every conversion agrees on.
    if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError('integer overflow');
    return BigInt(Math.trunc(value));
  }
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) {
      throw noConversion('string', 'int');
    }
    const number = BigInt(value.replace(/^\+/, ''));
    if (BigInt.asIntN(64, number) !== number) throw noConversion('string', 'int');
    return number;
  }
  if (value instanceof CelDuration) return value.nanos;
  return value instanceof CelTimestamp ? value.seconds : undefined;
}

function toUint(value: CelValue): CelValue | undefined {
  if (value instanceof CelUint) return value;
  if (typeof value === 'bigint') return new CelUint(value);
  if (typeof value === 'number') {
    if (!(value >= 0 && value < 2 ** 64)) throw new CelError('unsigned integer overflow');
    return new CelUint(BigInt(Math.trunc(value)));
  }
  if (typeof value !== 'string') return undefined;
  if (!/^\d+$/.test(value)) throw noConversion('string', 'uint');
  const number = BigInt(value);
  if (BigInt.asUintN(64, number) !== number) throw noConversion('string', 'uint');
  return new CelUint(number);
}

function toDouble(value: CelValue): CelValue | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (typeof value !== 'string') return undefined;
  if (/^[+-]?inf(inity)?$/i.test(value))
    return value.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(value)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) {
    throw noConversion('string', 'double');
  }
  const number = Number(value);
  if (!Number.isFinite(number)) throw noConversion('string', 'double');
  return number;
}

export function toText(value: CelValue): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof Uint8Array) {
    try {
      return decoder.decode(value);
    } catch {
      throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  return value instanceof CelObject ? value.toText() : undefined;
}
