import { CelError } from './cel-error.ts';
import { sizeOf, toText } from './functions.ts';
import { applyBinary } from './operators.ts';
import type { RegexCompiler } from './regex.ts';
import { CelObject, celCompare, celEquals, type CelValue, elementsOf, isList } from './values.ts';

type TextMember = (text: string, args: readonly CelValue[], regex: RegexCompiler) => CelValue | undefined;
type ListMember = (list: readonly CelValue[], args: readonly CelValue[]) => CelValue | undefined;

const withText =
  (use: (text: string, other: string) => CelValue): TextMember =>
  (text, [other]) =>
    typeof other === 'string' ? use(text, other) : undefined;

/** Texts count in code points. */
const at = (text: string, position: bigint): string => {
  const characters = [...text];
  if (position < 0n || position > BigInt(characters.length)) throw new CelError(`index out of range: ${position}`);
  return characters[Number(position)] ?? '';
};

function substring(text: string, [start, end]: readonly CelValue[]): CelValue | undefined {
  if (typeof start !== 'bigint' || (end !== undefined && typeof end !== 'bigint')) return undefined;
  const characters = [...text];
  const stop = end === undefined ? BigInt(characters.length) : (end as bigint);
  if (start < 0n || stop > BigInt(characters.length) || start > stop)
    throw new CelError(`invalid substring range. start: ${start}, end: ${stop}`);
  return characters.slice(Number(start), Number(stop)).join('');
}

function replace(text: string, [from, to, limit]: readonly CelValue[]): CelValue | undefined {
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  if (limit === undefined || (typeof limit === 'bigint' && limit < 0n)) return text.split(from).join(to);
  if (typeof limit !== 'bigint') return undefined;
  let rest = text;
  let done = '';
  for (let count = 0n; count < limit && rest.includes(from); count++) {
    const found = rest.indexOf(from);
    done += rest.slice(0, found) + to;
    rest = rest.slice(found + from.length);
  }
  return done + rest;
}

function split(text: string, [separator, limit]: readonly CelValue[]): CelValue | undefined {
  if (typeof separator !== 'string') return undefined;
  const parts = text.split(separator);
  if (limit === undefined || (typeof limit === 'bigint' && limit < 0n)) return parts;
  if (typeof limit !== 'bigint') return undefined;
  const count = Number(limit);
  if (count === 0) return [];
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}

/** `%s`, `%d`, `%f`, `%x` and `%%`. */
function format(text: string, [values]: readonly CelValue[]): CelValue | undefined {
  if (values === undefined || !isList(values)) return undefined;
  const rest = elementsOf(values);
  return text.replace(/%(?:\.(\d+))?([sdfxXobe%])/g, (_match, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    const value = rest.shift();
    if (value === undefined) throw new CelError('index out of range');
    if (verb === 'f') return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    if (verb === 'x') return typeof value === 'bigint' ? value.toString(16) : (toText(value) ?? '');
    return isList(value) ? `[${elementsOf(value).map(toText).join(', ')}]` : (toText(value) ?? JSON.stringify(value));
  });
}

const textMembers: Readonly<Record<string, TextMember>> = {
  startsWith: withText((text, other) => text.startsWith(other)),
  endsWith: withText((text, other) => text.endsWith(other)),
  contains: withText((text, other) => text.includes(other)),
  matches: (text, [pattern], regex) => (typeof pattern === 'string' ? regex(pattern).test(text) : undefined),
  find: (text, [pattern], regex) => (typeof pattern === 'string' ? (regex(pattern).find(text) ?? '') : undefined),
  findAll: (text, [pattern, limit], regex) => {
    if (typeof pattern !== 'string') return undefined;
    const found = regex(pattern).findAll(text);
    return typeof limit === 'bigint' && limit >= 0n ? found.slice(0, Number(limit)) : found;
  },
  charAt: (text, [position]) => (typeof position === 'bigint' ? at(text, position) : undefined),
  indexOf: withText((text, other) => codePointIndex(text, text.indexOf(other))),
  lastIndexOf: withText((text, other) => codePointIndex(text, text.lastIndexOf(other))),
  lowerAscii: (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  upperAscii: (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  trim: (text) => text.trim(),
  reverse: (text) => [...text].reverse().join(''),
  substring,
  replace,
  split,
  format,
};

function codePointIndex(text: string, index: number): bigint {
  return index < 0 ? -1n : BigInt(Array.from(text.slice(0, index)).length);
}

function isSorted(list: readonly CelValue[]): boolean {
  return list.every((each, index) => index === 0 || (celCompare(list[index - 1] as CelValue, each) ?? 1) <= 0);
}

function best(list: readonly CelValue[], sign: number, name: string): CelValue {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  return list.reduce((found, each) => ((celCompare(each, found) ?? 0) * sign > 0 ? each : found));
}

const listMembers: Readonly<Record<string, ListMember>> = {
  isSorted,
  sum: (list) => (list.length === 0 ? 0n : list.reduce((total, each) => applyBinary('+', total, each))),
  min: (list) => best(list, -1, 'min'),
  max: (list) => best(list, 1, 'max'),
  indexOf: (list, [value]) =>
    value === undefined ? undefined : BigInt(list.findIndex((each) => celEquals(each, value))),
  lastIndexOf: (list, [value]) =>
    value === undefined ? undefined : BigInt(list.findLastIndex((each) => celEquals(each, value))),
  join: (list, [separator = '']) => (typeof separator === 'string' ? list.map(toText).join(separator) : undefined),
  distinct: (list) => list.filter((each, index) => list.findIndex((other) => celEquals(each, other)) === index),
  reverse: (list) => list.toReversed(),
  sort: (list) => list.toSorted((a, b) => celCompare(a, b) ?? 0),
  slice: (list, [start, end]) =>
    typeof start === 'bigint' && typeof end === 'bigint' ? list.slice(Number(start), Number(end)) : undefined,
  flatten: (list) => list.flatMap((each) => (isList(each) ? elementsOf(each) : [each])),
};

const objectMembers = [
  // durations and timestamps
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
  // optionals
  'hasValue',
  'value',
  'orValue',
  'or',
  // quantities
  'add',
  'sub',
  'sign',
  'isInteger',
  'asInteger',
  'asApproximateFloat',
  'isGreaterThan',
  'isLessThan',
  'compareTo',
  // URLs
  'getScheme',
  'getHost',
  'getHostname',
  'getPort',
  'getEscapedPath',
  'getQuery',
  // addresses
  'family',
  'isUnspecified',
  'isLoopback',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isGlobalUnicast',
  'containsIP',
  'containsCIDR',
  'ip',
  'masked',
  'prefixLength',
  // authorizers
  'path',
  'group',
  'serviceAccount',
  'resource',
  'subresource',
  'namespace',
  'name',
  'check',
  'allowed',
  'reason',
  'errored',
  'error',
  'fieldSelector',
  'labelSelector',
];

/** Every name that a method may have. */
export const memberNames: ReadonlySet<string> = new Set([
  'size',
  ...Object.keys(textMembers),
  ...Object.keys(listMembers),
  ...objectMembers,
]);

/** Undefined: no such method for values of these types. */
export function callMember(
  name: string,
  target: CelValue,
  args: readonly CelValue[],
  regex: RegexCompiler,
): CelValue | undefined {
  if (name === 'size' && args.length === 0) return sizeOf(target);
  if (target instanceof CelObject) return target.call(name, args);
  if (typeof target === 'string') return textMembers[name]?.(target, args, regex);
  if (isList(target)) return listMembers[name]?.(elementsOf(target), args);
  return undefined;
}
