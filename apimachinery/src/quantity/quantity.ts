/**
 * Resource quantities: fixed-point numbers with a suffix (apimachinery/pkg/api/resource). A value is a whole number of
 * nanos, so nothing is ever rounded but what is finer than that, which goes away from zero.
 */

/** The family of the suffix, which printing keeps: `1500m`/`2G`, `512Mi`, `12e6`. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

const nanosPerUnit = 1_000_000_000n;
const int64Max = 9223372036854775807n;
/** Larger exponents are no quantities of anything and would only cost memory. */
const exponentMax = 1000;
const textLengthMax = 2048;

const formatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixError = "unable to parse quantity's suffix";

const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(decimalSuffixes).map(([name, power]) => [power, name]),
);
const binaryNames = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** An immutable quantity. */
export class Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  #text: string | undefined;

  constructor(nanos: bigint, format: QuantityFormat = 'DecimalSI') {
    this.nanos = nanos;
    this.format = format;
  }

  get isZero(): boolean {
    return this.nanos === 0n;
  }

  /** -1, 0 or 1. */
  get sign(): number {
    return this.nanos > 0n ? 1 : this.nanos < 0n ? -1 : 0;
  }

  /** Whole units, rounded away from zero. */
  bigValue(): bigint {
    return roundAway(this.nanos, nanosPerUnit);
  }

  /** Whole units, rounded away from zero; exact up to 2^53. */
  value(): number {
    return Number(this.bigValue());
  }

  /** Thousandths, rounded away from zero; exact up to 2^53. */
  milliValue(): number {
    return Number(roundAway(this.nanos, 1_000_000n));
  }

  /** As a float: for ratios, never for accounts. */
  toNumber(): number {
    return Number(this.nanos) / 1e9;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    return this.nanos < other.nanos ? -1 : this.nanos > other.nanos ? 1 : 0;
  }

  /** The sum in this one's format; zero takes the format of the other. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero ? other.format : this.format);
  }

  negate(): Quantity {
    return new Quantity(-this.nanos, this.format);
  }

  /** Times a whole number. */
  multiply(factor: number | bigint): Quantity {
    return new Quantity(this.nanos * BigInt(factor), this.format);
  }

  /** Canonical text: no fraction, the largest suffix that keeps all digits. */
  toString(): string {
    this.#text ??= canonicalText(this.nanos, this.format);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

export const zeroQuantity = new Quantity(0n);

function roundAway(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  if (quotient * unit === value) return quotient;
  return value > 0n ? quotient + 1n : quotient - 1n;
}

function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0';
  if (format === 'BinarySI') {
    const units = nanos / nanosPerUnit;
    const small = units > -1024n && units < 1024n;
    if (!small && units * nanosPerUnit === nanos) return binaryText(units);
    return decimalText(nanos, 'DecimalSI');
  }
  return decimalText(nanos, format);
}

function binaryText(units: bigint): string {
  let power = 0;
  let value = units;
  while ((value & 1023n) === 0n && power < binaryNames.length - 1) {
    value >>= 10n;
    power++;
  }
  return `${value}${binaryNames[power]}`;
}

function decimalText(nanos: bigint, format: QuantityFormat): string {
  let digits = nanos.toString();
  let exponent = -9;
  const trimmed = digits.replace(/0+$/, '');
  exponent += digits.length - trimmed.length;
  digits = trimmed;
  const max = format === 'DecimalSI' ? 18 : Number.POSITIVE_INFINITY;
  while (exponent % 3 !== 0 || exponent > max) {
    digits += '0';
    exponent--;
  }
  if (format === 'DecimalSI') return digits + (decimalNames.get(exponent) as string);
  return exponent === 0 ? digits : `${digits}e${exponent}`;
}

/** Reads a quantity. Throws an Error with upstream's text. */
export function parseQuantity(text: string | number): Quantity {
  const key = typeof text === 'number' ? String(text) : text;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const quantity = read(key);
  if (key.length <= 32) remember(key, quantity);
  return quantity;
}

/** Clusters repeat few texts many times: reading one again costs a look-up. Emptied when full. */
const parsed = new Map<string, Quantity>();
const parsedMax = 4096;

function remember(key: string, quantity: Quantity): void {
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(key, quantity);
}

const shape = /^([+-]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([eEinumkKMGTP]*)([-+]?[0-9]*)$/;

function read(text: string): Quantity {
  const match = text.length > textLengthMax ? null : shape.exec(text);
  if (match === null) throw new Error(formatError);
  const [, sign, whole = '', decimals, bareDecimals, letters = '', digits = ''] = match;
  const fraction = decimals ?? bareDecimals ?? '';
  const suffix = interpretSuffix(letters + digits);
  let numerator = BigInt(whole + fraction);
  let exponent = 9 - fraction.length;
  if (suffix.format === 'BinarySI') numerator <<= BigInt(suffix.exponent);
  else exponent += suffix.exponent;
  const nanos = exponent >= 0 ? numerator * 10n ** BigInt(exponent) : roundAway(numerator, 10n ** BigInt(-exponent));
  return limited(nanos, suffix.format, sign === '-');
}

/** Binary quantities stop at what 64 bits hold; below one they print as decimals. */
function limited(nanos: bigint, format: QuantityFormat, negative: boolean): Quantity {
  let magnitude = nanos;
  let shown = format;
  if (format === 'BinarySI') {
    if (magnitude > int64Max * nanosPerUnit) magnitude = int64Max * nanosPerUnit;
    if (magnitude > 0n && magnitude < nanosPerUnit) shown = 'DecimalSI';
  }
  return new Quantity(negative ? -magnitude : magnitude, shown);
}

function interpretSuffix(suffix: string): { format: QuantityFormat; exponent: number } {
  if (Object.hasOwn(decimalSuffixes, suffix))
    return { format: 'DecimalSI', exponent: decimalSuffixes[suffix] as number };
  if (Object.hasOwn(binarySuffixes, suffix)) return { format: 'BinarySI', exponent: binarySuffixes[suffix] as number };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new Error(suffixError);
  const exponent = Number(suffix.slice(1));
  if (Math.abs(exponent) > exponentMax) throw new Error(suffixError);
  return { format: 'DecimalExponent', exponent };
}

/** Reads a quantity that validation has let through: undefined, null and malformed texts count as zero. */
export function quantityOrZero(text: string | number | undefined | null): Quantity {
  if (text === undefined || text === null) return zeroQuantity;
  try {
    return parseQuantity(text);
  } catch {
    return zeroQuantity;
  }
}

/** Whole units of a quantity's text, rounded away from zero: bytes of memory, numbers of things. */
export function quantityValue(text: string | number | undefined): number {
  return quantityOrZero(text).value();
}

/** Thousandths of a quantity's text, rounded away from zero: millicores. */
export function quantityMilliValue(text: string | number | undefined): number {
  return quantityOrZero(text).milliValue();
}

/** The canonical text of a quantity's text. Throws as `parseQuantity`. */
export function canonicalQuantity(text: string | number): string {
  return parseQuantity(text).toString();
}

/** Compares two texts by value; malformed ones count as zero. */
export function compareQuantities(a: string | number | undefined, b: string | number | undefined): -1 | 0 | 1 {
  return quantityOrZero(a).compare(quantityOrZero(b));
}
