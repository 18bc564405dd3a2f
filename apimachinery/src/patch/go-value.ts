import { isObject } from '../json/index.ts';

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`. Upstream's patch errors show values this way. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${goValue(value[name])}`).join(' ')}]`;
}
