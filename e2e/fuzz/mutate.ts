import type { Choice } from './choice.ts';

/** Texts that programs trip over: keys of Object.prototype, other alphabets, halves of pairs, paths, patterns, numbers. */
export const hostileTexts: readonly string[] = [
  ...[
    '',
    ' ',
    '\0',
    '\n',
    '\r\n',
    '..',
    '.',
    '/',
    '//',
    '../../etc/passwd',
    '%2e%2e%2f',
    '%00',
    '%',
    '%zz',
    '*',
    '-',
    '_',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then', 'length', 'toJSON'],
  ...[
    'null',
    'true',
    'NaN',
    'Infinity',
    '-0',
    '1e999',
    '0x10',
    '9223372036854775808',
    '-9223372036854775809',
    '1Ei',
    '1e-9999',
  ],
  ...['\ud800', '\udfff\ud800', 'ä', '𝕏', '\u202e', '\ufeff', 'İ', 'ß'.repeat(40), 'é\u0301', '\u0085', '\u2028'],
  ...[
    '(a+)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '[',
    '(',
    '(?<n>',
    '\\',
    'a{99999}',
    '\\p{L}',
    '$ref',
    '#/definitions/x',
  ],
  ...[
    'a=b',
    'a in (b,c)',
    '!a',
    'metadata.name=x',
    'x'.repeat(254),
    'x'.repeat(5000),
    '{{.}}',
    '${jndi}',
    "'",
    '"',
    '`',
  ],
  ...[
    '2024-01-01T00:00:00Z',
    '0000-00-00T00:00:00Z',
    '9999-12-31T23:59:60Z',
    '-1h',
    '1h99999999h',
    '10.0.0.0/33',
    '::1%eth0',
  ],
];

export const hostileNumbers: readonly number[] = [
  ...[
    0,
    -0,
    -1,
    1,
    0.5,
    1e308,
    -1e308,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 53,
    2 ** 63,
    -(2 ** 63) - 2048,
    1e21,
    65536,
  ],
];

/** A value of some other type than wanted. */
export function hostileValue(choice: Choice): unknown {
  return choice.weighted<() => unknown>([
    [8, () => choice.pick(hostileTexts)],
    [5, () => choice.pick(hostileNumbers)],
    [2, () => choice.chance(0.5)],
    [3, () => null],
    [2, () => []],
    [2, () => ({})],
    [1, () => nested(choice)],
    [1, () => [null, 1, 'x', {}, []]],
    [2, () => JSON.parse(`{${JSON.stringify(choice.pick(hostileTexts))}:{"__proto__":{"polluted":true}}}`)],
  ])();
}

function nested(choice: Choice): unknown {
  const depth = choice.pick([5, 50, 500]);
  const open = choice.chance(0.5) ? ['[', ']'] : ['{"a":', '}'];
  return JSON.parse(`${open[0]?.repeat(depth)}1${open[1]?.repeat(depth)}`);
}

/** Changes one to four places of plain data, in a copy. */
export function mutateJson<T>(value: T, choice: Choice): T {
  const box = { root: structuredClone(value) as unknown };
  for (let count = 1 + choice.below(4); count > 0; count--) mutateOnce(box, choice);
  return box.root as T;
}

/** Another value of its type, which decoding lets pass. */
function sameType(value: unknown, choice: Choice): unknown {
  if (typeof value === 'string') return choice.pick(hostileTexts);
  if (typeof value === 'number') return choice.pick(hostileNumbers);
  if (typeof value === 'boolean') return !value;
  return Array.isArray(value) ? [] : {};
}

type Container = Record<string, unknown> | unknown[];

function mutateOnce(box: { root: unknown }, choice: Choice): void {
  const [container, key] = choosePlace(box, choice);
  const fields = container as Record<string, unknown>;
  const value = fields[key];
  choice.weighted<() => void>([
    [10, () => setOwn(container, key, sameType(value, choice))],
    [4, () => setOwn(container, key, hostileValue(choice))],
    [3, () => remove(container, key)],
    [2, () => setOwn(container, choice.pick(hostileTexts), value)],
    [2, () => setOwn(container, key, [value, structuredClone(value)])],
    [2, () => setOwn(container, key, typeof value === 'string' ? mutateText(value, choice) : hostileValue(choice))],
    [1, () => setOwn(container, key, { [key]: value })],
    [
      1,
      () =>
        setOwn(
          container,
          key,
          Array.from({ length: 200 }, () => value),
        ),
    ],
  ])();
}

/** A random container on a random way down, and one of its keys. */
function choosePlace(box: { root: unknown }, choice: Choice): [Container, string] {
  let container = box as unknown as Container;
  let key = 'root';
  for (;;) {
    const value = (container as Record<string, unknown>)[key];
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (keys.length === 0 || (key !== 'root' && choice.chance(0.2))) return [container, key];
    container = value as Container;
    key = choice.pick(keys);
  }
}

/** An own field, whatever its name; but a list has its length already. */
function setOwn(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container) && key === 'length') return;
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(Number(key), 1);
  else delete container[key];
}

export function mutateText(text: string, choice: Choice): string {
  const at = choice.below(text.length + 1);
  return choice.weighted<() => string>([
    [3, () => text.slice(0, at) + choice.pick(hostileTexts) + text.slice(at)],
    [2, () => text.slice(0, at) + text.slice(at + 1 + choice.below(4))],
    [1, () => text.slice(0, at)],
    [1, () => text.repeat(2)],
    [1, () => text.slice(at) + text.slice(0, at)],
    [1, () => text.slice(0, at) + String.fromCharCode(choice.below(0x10000)) + text.slice(at + 1)],
  ])();
}

/** Flips, cuts, doubles or inserts bytes at one to six places. */
export function mutateBytes(bytes: Uint8Array, choice: Choice): Uint8Array {
  let changed = Buffer.from(bytes);
  for (let count = 1 + choice.below(6); count > 0; count--) {
    const at = choice.below(changed.length + 1);
    const size = 1 + choice.below(8);
    changed = choice.weighted<() => Buffer<ArrayBuffer>>([
      [4, () => overwrite(changed, at, choice.bytes(1))],
      [2, () => overwrite(changed, at, choice.bytes(size))],
      [2, () => Buffer.concat([changed.subarray(0, at), choice.bytes(size), changed.subarray(at)])],
      [2, () => Buffer.concat([changed.subarray(0, at), changed.subarray(at + size)])],
      [1, () => changed.subarray(0, at)],
      [1, () => Buffer.concat([changed.subarray(0, at), changed.subarray(Math.max(0, at - 32))])],
    ])();
  }
  return new Uint8Array(changed);
}

function overwrite(bytes: Buffer<ArrayBuffer>, at: number, other: Uint8Array): Buffer<ArrayBuffer> {
  const changed = Buffer.from(bytes);
  changed.set(other.subarray(0, Math.max(0, changed.length - at)), Math.min(at, changed.length));
  return changed;
}
