import { type FieldError, field } from '../errors/index.ts';
import { deepEqual } from '../json/index.ts';
import type { Field } from '../schema/index.ts';
import { byteLength } from '../validation/index.ts';
import { formats } from './formats.ts';

/** A value on its way through the rules of its field. */
export interface Judged {
  readonly path: string;
  readonly value: unknown;
  readonly old: unknown;
  readonly isUpdate: boolean;
  readonly field: Field | undefined;
}

/** What one rule finds; `stop`: nothing is found, and yet the rules after it are not asked. */
export type Finding = readonly FieldError[] | 'stop';

const fine: Finding = [];

/** Whether a field says anything: pointers that are there, other values that are not zero. */
export function isSet(value: unknown, { pointer, schema }: Pick<Partial<Field>, 'pointer' | 'schema'> = {}): boolean {
  if (value === undefined || value === null) return false;
  if (pointer === true && !Array.isArray(value)) return true;
  if (value === '' || value === 0 || value === false) return false;
  if (typeof value !== 'object') return true;
  if (Array.isArray(value) || schema?.type === 'map') return Object.keys(value).length > 0;
  return Object.values(value).some((part) => isSet(part));
}

function isThere({ value, field: described }: Judged): boolean {
  return isSet(value, described);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const immutableText = 'field is immutable';

/** Rules without a parameter. */
const plain: Readonly<Record<string, (judged: Judged) => Finding>> = {
  required: (judged) => (isThere(judged) ? fine : [field.required(judged.path)]),
  optional: (judged) => (isThere(judged) ? fine : 'stop'),
  forbidden: (judged) => (isThere(judged) ? [field.forbidden(judged.path, '')] : fine),
  immutable: ({ isUpdate, path }) => (isUpdate ? [field.invalid(path, null, immutableText)] : fine),
  noSet: (judged) => change(judged, false, true, 'field cannot be set once created'),
  noUnset: (judged) => change(judged, true, false, 'field cannot be cleared once set'),
  noModify: (judged) => change(judged, true, true, 'field cannot be modified once set'),
  unique: ({ value, path }) => repeated(value, path, []),
};

function change(judged: Judged, was: boolean, is: boolean, message: string): Finding {
  if (!judged.isUpdate) return fine;
  const before = isSet(judged.old, judged.field);
  return before === was && isThere(judged) === is ? [field.invalid(judged.path, null, message)] : fine;
}

/** Rules with a parameter. */
const measured: Readonly<Record<string, (judged: Judged, parameter: string) => Finding>> = {
  maxItems({ value, path }, max) {
    const count = Array.isArray(value) ? value.length : 0;
    return count > Number(max) ? [field.tooMany(path, count, Number(max))] : fine;
  },
  maxBytes: ({ value, path }, max) =>
    byteLength(text(value)) > Number(max) ? [field.tooLong(path, Number(max))] : fine,
  maxLength: ({ value, path }, max) =>
    [...text(value)].length > Number(max) ? [field.tooLongCharacters(path, Number(max))] : fine,
  minimum({ value, path }, min) {
    const text = `must be greater than or equal to ${min}`;
    return typeof value === 'number' && value < Number(min) ? [field.invalid(path, value, text)] : fine;
  },
  maximum({ value, path }, max) {
    const text = `must be less than or equal to ${max}`;
    return typeof value === 'number' && value > Number(max) ? [field.invalid(path, value, text)] : fine;
  },
  enum({ value, path }, list) {
    const values = list.split(',');
    return values.includes(text(value)) ? fine : [field.notSupported(path, value, values)];
  },
  format: ({ value, path }, name) => formats[name]?.(text(value), path) ?? fine,
  unique: ({ value, path }, keys) => repeated(value, path, keys.split(',')),
};

/** The rule of a text like `maxItems=32`. Throws for one that there is not. */
export function ruleOf(name: string): (judged: Judged) => Finding {
  const [head = '', parameter] = name.split(/=(.*)/s);
  const rule = plain[name];
  if (rule !== undefined) return rule;
  const withParameter = measured[head];
  if (withParameter === undefined || parameter === undefined) throw new Error(`there is no declared rule ${name}`);
  return (judged) => withParameter(judged, parameter);
}

/** Whether two items of a list are the same one: by their keys, or as a whole. */
export function isSameItem(item: unknown, other: unknown, keys: readonly string[]): boolean {
  if (keys.length === 0) return deepEqual(item, other);
  const [a, b] = [item as Record<string, unknown>, other as Record<string, unknown>];
  return keys.every((key) => (a[key] ?? '') === (b[key] ?? ''));
}

function repeated(value: unknown, path: string, keys: readonly string[]): Finding {
  if (!Array.isArray(value)) return fine;
  const items: readonly unknown[] = value;
  return items.flatMap((item, index) =>
    items.slice(0, index).some((other) => isSameItem(item, other, keys))
      ? [field.duplicate(`${path}[${index}]`, item)]
      : [],
  );
}
