import { resolve } from 'node:path';
import { ConfigError } from './cluster-config.ts';

/** Readers of single settings; those that check throw ConfigError with the flag's name. */
export function text(raw: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = raw[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.join(',');
  return String(value);
}

/** A path of this machine, made absolute. An empty one is a variable that was not set, and no folder to work in. */
export function path(raw: Readonly<Record<string, unknown>>, key: string, flag: string): string | undefined {
  const value = text(raw, key);
  if (value === '' || value?.includes('\0')) throw new ConfigError(`--${flag} ${JSON.stringify(value)}: not a path`);
  return value === undefined ? undefined : resolve(value);
}

/** Of the reviews that a webhook is sent. */
export function reviewVersion(raw: Readonly<Record<string, unknown>>, key: string, flag: string): 'v1' | 'v1beta1' {
  const version = text(raw, key) ?? 'v1beta1';
  if (version === 'v1' || version === 'v1beta1') return version;
  throw new ConfigError(`--${flag} ${JSON.stringify(version)}: v1 or v1beta1`);
}

/** `NAME=VALUE` as often as there are pairs, or a YAML mapping. Throws what `refuse` makes of a text that is no pair. */
export function pairs(
  value: unknown,
  refuse: (text: string) => ConfigError,
): readonly (readonly [name: string, value: unknown])[] {
  if (Array.isArray(value)) return value.flatMap((each) => pairs(each, refuse));
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  const pair = String(value);
  const equals = pair.indexOf('=');
  if (equals <= 0) throw refuse(pair);
  return [[pair.slice(0, equals), pair.slice(equals + 1)]];
}

export function integer(flag: string, value: unknown, min: number, max: number): number {
  const number = typeof value === 'number' ? value : /^\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new ConfigError(`--${flag} ${JSON.stringify(value)}: a whole number from ${min} to ${max}`);
}

export function boolean(flag: string, value: unknown): boolean {
  if (value === true || value === 'true' || value === '1') return true;
  if (value === false || value === 'false' || value === '0') return false;
  throw new ConfigError(`--${flag} ${JSON.stringify(value)}: true or false`);
}

/** `90`, `90s`, `2m` or `1h`. */
export function durationSeconds(flag: string, value: unknown, min = 0): number {
  const match = /^(\d+)(s|m|h)?$/.exec(String(value));
  const unit = { s: 1, m: 60, h: 3600 }[match?.[2] ?? 's'] ?? 1;
  const seconds = Number(match?.[1] ?? Number.NaN) * unit;
  if (seconds >= min) return seconds;
  throw new ConfigError(`--${flag} ${JSON.stringify(value)}: a duration such as 90s, 2m or 1h`);
}

/** The same in milliseconds. */
export function durationMilliseconds(flag: string, value: unknown): number {
  return durationSeconds(flag, value) * 1000;
}
