import { canonicalQuantity, formatDuration, parseDuration } from '../quantity/index.ts';
import type { ScalarSchema } from '../schema/index.ts';
import { DecodeError } from './decode-error.ts';

/**
 * The canonical form of a scalar, as Go would print it after reading it. `typeError` makes the error for a value of the
 * wrong JSON type; what is of the right type and malformed all the same throws a DecodeError with upstream's text.
 */
export function canonicalScalar(
  value: unknown,
  schema: ScalarSchema,
  typeError: (found: string, wanted: string) => DecodeError,
): unknown {
  switch (schema.scalar) {
    case 'string':
      if (typeof value !== 'string') throw typeError(jsonType(value), 'string');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw typeError(jsonType(value), 'bool');
      return value;
    case 'int32':
      return integer(value, 'int32', int32Max, typeError);
    case 'int64':
      return integer(value, 'int64', int64Max, typeError);
    case 'double':
      if (typeof value !== 'number') throw typeError(jsonType(value), 'float64');
      return value;
    case 'int-or-string':
      return typeof value === 'string' ? value : integer(value, 'int32', int32Max, typeError);
    case 'quantity':
      return quantity(value);
    case 'bytes':
      if (typeof value !== 'string') throw typeError(jsonType(value), '[]uint8');
      return base64(value);
    case 'time':
      if (typeof value !== 'string') throw typeError(jsonType(value), 'string');
      return canonicalTime(value);
    case 'micro-time':
      if (typeof value !== 'string') throw typeError(jsonType(value), 'string');
      return canonicalMicroTime(value);
    case 'duration':
      if (typeof value !== 'string') throw typeError(jsonType(value), 'string');
      return duration(value);
  }
}

const int32Max = 2 ** 31;
const int64Max = 2 ** 63;

/** What Go's JSON decoder calls a value it did not expect. */
export function jsonType(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

function integer(
  value: unknown,
  wanted: string,
  limit: number,
  typeError: (a: string, b: string) => DecodeError,
): number {
  if (typeof value !== 'number') throw typeError(jsonType(value), wanted);
  if (!Number.isInteger(value) || value >= limit || value < -limit) throw typeError(`number ${value}`, wanted);
  return value;
}

/** An integer as Go converts a number to the type of the schema: upper bits are lost, and what 64 bits cannot hold is their least number. */
export function wrappedInteger(value: unknown, { scalar }: ScalarSchema): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || (scalar !== 'int32' && scalar !== 'int64')) return value;
  const inRange = value < int64Max && value >= -int64Max ? BigInt(value) : -(2n ** 63n);
  return Number(scalar === 'int32' ? BigInt.asIntN(32, inRange) : inRange);
}

/** Texts of quantities repeat: a cluster has a few dozen. Cleared when full. */
const quantities = new Map<string, string>();
const quantitiesMax = 4096;

function quantity(value: unknown): string {
  const text =
    typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : JSON.stringify(value);
  const known = quantities.get(text);
  if (known !== undefined) return known;
  const canonical = attempt(() => canonicalQuantity(text));
  if (quantities.size >= quantitiesMax) quantities.clear();
  quantities.set(text, canonical);
  return canonical;
}

function duration(text: string): string {
  return attempt(() => formatDuration(parseDuration(text)));
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}

const base64Alphabet = /^[A-Za-z0-9+/]*={0,2}$/;

/** Base64 as Go accepts it: line breaks are dropped, padding is needed. */
function base64(text: string): string {
  const plain = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text;
  if (plain.length % 4 === 0 && base64Alphabet.test(plain)) return plain;
  throw new DecodeError(`illegal base64 data at input byte ${illegalBase64Byte(plain)}`);
}

function illegalBase64Byte(text: string): number {
  const bad = text.search(/[^A-Za-z0-9+/]/);
  if (bad < 0) return text.length - (text.length % 4);
  return bad;
}

const secondsForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in UTC with whole seconds. */
export function canonicalTime(text: string): string {
  if (secondsForm.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const time = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new DecodeError(timeError(text, '2006-01-02T15:04:05Z07:00'));
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

const microForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** RFC 3339 in UTC with six digits after the point. */
export function canonicalMicroTime(text: string): string {
  if (microForm.test(text) && !Number.isNaN(Date.parse(text))) return text;
  const match = rfc3339.exec(text);
  const fraction = match?.[1]?.slice(1) ?? '';
  const time = fraction.length === 6 ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new DecodeError(timeError(text, '2006-01-02T15:04:05.000000Z07:00'));
  return `${new Date(time).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** Go's words for a time it cannot read; the part it stumbled over is the whole text where it has no year. */
function timeError(text: string, layout: string): string {
  const quoted = JSON.stringify(text);
  const outOfRange = partOutOfRange(text);
  if (outOfRange !== undefined) return `parsing time ${quoted}: ${outOfRange} out of range`;
  const missing = /^\d{4}/.test(text) ? remainder(text, layout) : { rest: text, wanted: '2006' };
  return `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(missing.rest)} as ${JSON.stringify(missing.wanted)}`;
}

/** The first part of a well-formed time that no calendar or clock has. */
function partOutOfRange(text: string): string | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  if (month < 1 || month > 12) return 'month';
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return 'day';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  return second > 59 ? 'second' : undefined;
}

/** Parts of the layouts in order, with what Go reads for each. */
const layoutParts: readonly (readonly [wanted: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
];

function remainder(text: string, layout: string): { rest: string; wanted: string } {
  let rest = text;
  for (const [wanted, pattern] of layoutParts) {
    const match = pattern.exec(rest);
    if (!match) return { rest, wanted };
    rest = rest.slice(match[0].length);
  }
  return layout.includes('.') && !/^\.\d{6}/.test(rest) ? { rest, wanted: '.000000' } : { rest, wanted: 'Z07:00' };
}
