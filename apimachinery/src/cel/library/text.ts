import { CelError } from '../cel-error.ts';
import { CelList, type CelValue } from '../values.ts';
import { formatText } from './format-text.ts';
import type { Function, Functions } from './function.ts';

const withText =
  (use: (text: string, other: string) => CelValue): Function =>
  ([text, other]) =>
    typeof other === 'string' ? use(text as string, other) : undefined;

const outOfRange = (position: bigint) => new CelError(`index out of range: ${position}`);

/** Texts count in code points. */
function charAt([text, position]: readonly CelValue[]): CelValue | undefined {
  if (typeof position !== 'bigint') return undefined;
  const characters = Array.from(text as string);
  if (position < 0n || position > BigInt(characters.length)) throw outOfRange(position);
  return characters[Number(position)] ?? '';
}

function substring([text, start, end]: readonly CelValue[]): CelValue | undefined {
  if (typeof start !== 'bigint' || (end !== undefined && typeof end !== 'bigint')) return undefined;
  const characters = Array.from(text as string);
  const length = BigInt(characters.length);
  const stop = end === undefined ? length : (end as bigint);
  if (end !== undefined && start > stop) throw new CelError(`invalid substring range. start: ${start}, end: ${stop}`);
  if (start < 0n || start > length) throw outOfRange(start);
  if (stop < 0n || stop > length) throw outOfRange(stop);
  return characters.slice(Number(start), Number(stop)).join('');
}

function indexOf([text, part, offset = 0n]: readonly CelValue[]): CelValue | undefined {
  if (typeof part !== 'string' || typeof offset !== 'bigint') return undefined;
  if (offset < 0n) throw outOfRange(offset);
  const characters = Array.from(text as string);
  if (part === '') return offset > BigInt(characters.length) ? BigInt(characters.length) : offset;
  const from = Number(offset);
  if (from >= characters.length) return -1n;
  const before = characters.slice(0, from).join('').length;
  return codePoints(text as string, (text as string).indexOf(part, before));
}

function lastIndexOf([text, part, offset]: readonly CelValue[]): CelValue | undefined {
  if (typeof part !== 'string' || (offset !== undefined && typeof offset !== 'bigint')) return undefined;
  const characters = Array.from(text as string);
  if (offset !== undefined && (offset as bigint) < 0n) throw outOfRange(offset as bigint);
  if (part === '') {
    const end = BigInt(characters.length);
    return offset === undefined || (offset as bigint) > end ? end : (offset as bigint);
  }
  if (offset === undefined) return codePoints(text as string, (text as string).lastIndexOf(part));
  const from = Number(offset);
  if (from >= characters.length) return -1n;
  const before = characters.slice(0, from).join('').length;
  return codePoints(text as string, (text as string).lastIndexOf(part, before));
}

const codePoints = (text: string, index: number): bigint =>
  index < 0 ? -1n : BigInt(Array.from(text.slice(0, index)).length);

/** An empty text stands before every character and at the end. */
function replace([text, from, to, limit]: readonly CelValue[]): CelValue | undefined {
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  if (limit !== undefined && typeof limit !== 'bigint') return undefined;
  const count = limit === undefined || (limit as bigint) < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const parts = from === '' ? ['', ...Array.from(text as string), ''] : (text as string).split(from);
  const ends = from === '' && text === '' ? ['', ''] : parts;
  return ends.reduce((made, part, index) => made + (index <= count ? to : from) + part);
}

function split([text, separator, limit]: readonly CelValue[]): CelValue | undefined {
  if (typeof separator !== 'string' || (limit !== undefined && typeof limit !== 'bigint')) return undefined;
  const parts = separator === '' ? Array.from(text as string) : (text as string).split(separator);
  const count = limit === undefined || (limit as bigint) < 0n ? parts.length : Number(limit);
  if (count === 0) return new CelList();
  if (parts.length <= count) return CelList.copy(parts);
  return CelList.copy([...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
}

const findAll: Function = ([text, pattern, limit], regex) => {
  if (typeof pattern !== 'string') return undefined;
  const found = regex(pattern).findAll(text as string);
  return CelList.copy(typeof limit === 'bigint' && limit >= 0n ? found.slice(0, Number(limit)) : found);
};

const matches: Function = ([text, pattern], regex) =>
  typeof pattern === 'string' ? regex(pattern).test(text as string) : undefined;

/** What may be called on a text. */
export const textFunctions: Functions = {
  startsWith: withText((text, other) => text.startsWith(other)),
  endsWith: withText((text, other) => text.endsWith(other)),
  contains: withText((text, other) => text.includes(other)),
  matches,
  find: ([text, pattern], regex) =>
    typeof pattern === 'string' ? (regex(pattern).find(text as string) ?? '') : undefined,
  findAll,
  charAt,
  indexOf,
  lastIndexOf,
  lowerAscii: ([text]) => (text as string).replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
  upperAscii: ([text]) => (text as string).replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  trim: ([text]) => trim(text as string),
  substring,
  replace,
  split,
  format: ([text, values]) => formatText(text as string, values as CelValue),
  'strings.quote': ([text]) => quote(text as string),
};

/** White space as Unicode and Go have it: not that which has no width. */
const isSpace = (character: string | undefined) =>
  character !== undefined && /[\s\u0085]/.test(character) && character !== '\ufeff';

function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

const quoted: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  return `"${Array.from(text.toWellFormed(), (each) => quoted[each] ?? each).join('')}"`;
}
