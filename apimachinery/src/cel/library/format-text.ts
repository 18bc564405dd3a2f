import { CelError } from '../cel-error.ts';
import { CelDuration, CelTimestamp } from '../time.ts';
import { CelType, CelUint, celTypeOf, type CelValue, elementsOf, entriesOf, isList, isMap } from '../values.ts';
import { toText } from './conversions.ts';
import { fixedDouble } from './numbers.ts';

const clause = /%(?:(%)|(?:\.(\d+))?([^%.]))|%$/g;
const precisionDefault = 6;

/** The parts of a format that take a value; one without a verb is cut off. */
export function formatClauses(text: string): { readonly verb: string | undefined }[] {
  return Array.from(text.matchAll(clause)).flatMap(([, percent, , verb]) => (percent === undefined ? [{ verb }] : []));
}

const wrongTypes: Readonly<Record<string, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  o: 'octal clause can only be used on integers',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  X: 'only integers, byte buffers, and strings can be formatted as hex',
};

/** What is said of formats that do not fit. */
export const problems = {
  end: 'unexpected end of string',
  verb: (verb: string) => `could not parse formatting clause: unrecognized formatting clause "${verb}"`,
  index: (position: number) => `index ${position} out of range`,
  type: (verb: string, typeName: string) => `error during formatting: ${wrongTypes[verb]}, was given ${typeName}`,
  tooMany: (expected: number, given: number) =>
    `too many arguments supplied to string.format (expected ${expected}, got ${given})`,
} as const;

/** `"%s: %d".format([name, count])` (cel-go ext/formatting.go). */
export function formatText(text: string, values: CelValue): CelValue | undefined {
  if (!isList(values)) return undefined;
  const args = elementsOf(values);
  let used = 0;
  const result = text.replace(clause, (_match, percent?: string, precision?: string, verb?: string) => {
    if (percent !== undefined) return '%';
    if (verb === undefined) throw new CelError(problems.end);
    if (used >= args.length) throw new CelError(problems.index(used));
    return formatValue(verb, precision === undefined ? undefined : Number(precision), args[used++] as CelValue);
  });
  if (used < args.length) throw new CelError(problems.tooMany(used, args.length));
  return result;
}

function formatValue(verb: string, precision: number | undefined, value: CelValue): string {
  const wrong = () => new CelError(problems.type(verb, celTypeOf(value)));
  switch (verb) {
    case 's':
      return formatString(value);
    case 'd':
      return integer(value, 10, wrong);
    case 'f':
      return floating(value, wrong, (number) => grouped(fixedDouble(number, precision ?? precisionDefault)));
    case 'e':
      return floating(value, wrong, scientific).padStart(precision ?? precisionDefault);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integer(value, 2, wrong);
    case 'o':
      return integer(value, 8, wrong);
    case 'x':
      return hexadecimal(value, wrong);
    case 'X':
      return hexadecimal(value, wrong).toUpperCase();
    default:
      throw new CelError(problems.verb(verb));
  }
}

function floating(value: CelValue, wrong: () => CelError, format: (number: number) => string): string {
  const special = typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value) ? Number(value) : value;
  if (typeof special !== 'number') throw wrong();
  if (Number.isNaN(special)) return 'NaN';
  return Number.isFinite(special) ? format(special) : special > 0 ? '∞' : '-∞';
}

/** Thousands apart, as cel-go prints them in its default locale. */
function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `1.052033×10⁰³`: of six digits whatever the precision, which pads instead (cel-go takes it for a width). */
function scientific(number: number): string {
  const [digits = '', exponent = '0'] = number.toExponential(precisionDefault).split('e');
  const size = exponent.replace(/^[+-]/, '').padStart(2, '0');
  const raised = Array.from(size, (digit) => superscripts[Number(digit)]).join('');
  return `${digits}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}

function integer(value: CelValue, base: number, wrong: () => CelError): string {
  if (typeof value === 'bigint') return value.toString(base);
  if (value instanceof CelUint) return value.value.toString(base);
  throw wrong();
}

function hexadecimal(value: CelValue, wrong: () => CelError): string {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return integer(value, 16, wrong);
}

function formatString(value: CelValue): string {
  if (value === null) return 'null';
  if (isList(value)) return `[${elementsOf(value).map(formatElement).join(', ')}]`;
  if (isMap(value)) {
    const entries = entriesOf(value).map(([key, held]) => `${formatElement(key)}:${formatElement(held)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  const known = value instanceof CelType ? value.name : isPlain(value) ? toText(value) : undefined;
  if (known !== undefined) return known;
  throw new CelError(problems.type('s', celTypeOf(value)));
}

const isPlain = (value: CelValue) =>
  typeof value !== 'object' ||
  value instanceof Uint8Array ||
  value instanceof CelUint ||
  value instanceof CelDuration ||
  value instanceof CelTimestamp;

/** A value within a list or map: texts are quoted. */
function formatElement(value: CelValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    return Number.isFinite(value) ? fixedDouble(value, precisionDefault) : JSON.stringify(toText(value));
  }
  if (value instanceof Uint8Array) return `b${JSON.stringify(toText(value))}`;
  if (value instanceof CelTimestamp) return `timestamp(${JSON.stringify(String(value))})`;
  if (value instanceof CelDuration) return `duration(${JSON.stringify(String(value))})`;
  if (value instanceof CelType) return `type(${value.name})`;
  return formatString(value);
}
