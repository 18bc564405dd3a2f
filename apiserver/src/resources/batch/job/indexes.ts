import { quote } from '@coracle/apimachinery/errors';

export interface IndexInterval {
  readonly first: number;
  readonly last: number;
}

/** Reads `0,2-4,7`, all below `completions`. Throws an Error with upstream's text. */
export function parseIndexes(text: string, completions: number): IndexInterval[] {
  if (text === '') return [];
  const intervals = text.split(',').map((part) => parseInterval(part, completions));
  for (const [position, { first }] of intervals.entries()) {
    const previous = intervals[position - 1]?.last;
    if (previous !== undefined && previous >= first) throw nonIncreasing(previous, first);
  }
  return intervals;
}

function nonIncreasing(previous: number, current: number): Error {
  return new Error(`non-increasing order, previous: ${previous}, current: ${current}`);
}

function parseInterval(text: string, completions: number): IndexInterval {
  const limits = text.split('-');
  if (limits.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    throw new Error(`the fragment ${quote(text)} ${rule}`);
  }
  const [first, last] = limits.map((limit) => parseIndex(limit, completions)) as [number, number | undefined];
  if (last !== undefined && first >= last) throw nonIncreasing(first, last);
  return { first, last: last ?? first };
}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new Error(`cannot convert string to integer for index: ${quote(text)}`);
  const index = Number(text);
  if (index >= completions) throw new Error(`too large index: ${quote(text)}`);
  return index;
}

export function countIndexes(text: string, completions: number): number {
  return parseIndexes(text, completions).reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The first index that is in both lists; undefined for none. Parts that cannot be read are passed over. */
export function commonIndex(a: readonly IndexInterval[], b: readonly IndexInterval[]): number | undefined {
  let left = 0;
  let right = 0;
  while (left < a.length && right < b.length) {
    const x = a[left] as IndexInterval;
    const y = b[right] as IndexInterval;
    if (x.first <= y.last && y.first <= x.last) return Math.max(x.first, y.first);
    if (x.first <= y.first) left++;
    else right++;
  }
  return undefined;
}
