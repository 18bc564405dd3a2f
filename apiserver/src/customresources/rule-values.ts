import {
  CelDuration,
  CelError,
  CelList,
  type CelValue,
  CelTimestamp,
  celValue,
  KeyedList,
} from '@coracle/apimachinery/cel';
import { isObject } from '@coracle/apimachinery/json';
import type { DeclaredType } from './declared-type.ts';

/**
 * A value out of JSON as rules see it: numbers of a `number` are doubles, texts of a format are times, bytes, durations, and
 * lists of a list type do not look at order (apiextensions `schema/cel/values.go`). What is the same is not copied.
 */
export function ruleValue(value: unknown, declared: DeclaredType): CelValue {
  if (value === null || value === undefined || !convertsWithin(declared)) return celValue(value);
  switch (declared.type.kind) {
    case 'double':
      return Number(value);
    case 'bytes':
      return new Uint8Array(Buffer.from(String(value), 'base64'));
    case 'duration':
      return CelDuration.parse(String(value));
    case 'timestamp':
      return timestampOf(String(value));
    case 'list':
      return Array.isArray(value) ? listValue(value, declared) : celValue(value);
    default:
      return isObject(value) ? mapValue(value, declared) : celValue(value);
  }
}

const known = new WeakMap<DeclaredType, boolean>();

/** Whether anything within a value differs from its JSON. */
function convertsWithin(declared: DeclaredType): boolean {
  let found = known.get(declared);
  if (found === undefined) {
    const { type, props, element, fields } = declared;
    found =
      ['double', 'bytes', 'duration', 'timestamp'].includes(type.kind) ||
      (type.kind === 'list' && ['set', 'map'].includes(props['x-kubernetes-list-type'] ?? '')) ||
      (element !== undefined && convertsWithin(element)) ||
      [...(fields?.values() ?? [])].some((field) => convertsWithin(field.declared));
    known.set(declared, found);
  }
  return found;
}

function timestampOf(text: string): CelTimestamp {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return CelTimestamp.parse(`${text}T00:00:00Z`);
  try {
    return CelTimestamp.parse(text.replace(/[ t]/, 'T').replace(/z$/, 'Z'));
  } catch (error) {
    const milliseconds = Date.parse(text);
    if (!(error instanceof CelError) || Number.isNaN(milliseconds)) throw error;
    return new CelTimestamp(BigInt(milliseconds) * 1_000_000n);
  }
}

function listValue(list: readonly unknown[], { props, element }: DeclaredType): CelValue {
  const values = element === undefined ? list.map(celValue) : list.map((each) => ruleValue(each, element));
  switch (props['x-kubernetes-list-type']) {
    case 'set':
      return KeyedList.make(values, (value) => JSON.stringify(value, printable));
    case 'map': {
      const keys = props['x-kubernetes-list-map-keys'] ?? [];
      return KeyedList.make(values, (value) =>
        JSON.stringify(
          keys.map((key) => keyValue(value, key)),
          printable,
        ),
      );
    }
    default:
      return CelList.copy(values);
  }
}

const keyValue = (value: CelValue, key: string): unknown =>
  value instanceof Map ? value.get(key) : isObject(value) ? value[key] : undefined;

const printable = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? Number(value) : value instanceof Map ? Object.fromEntries(value) : value;

function mapValue(object: Readonly<Record<string, unknown>>, { element, fields }: DeclaredType): CelValue {
  const result = new Map<CelValue, CelValue>();
  const byName = fields && new Map([...fields.values()].map((field) => [field.jsonName, field.declared]));
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const declared = element ?? byName?.get(name);
    result.set(name, declared === undefined ? celValue(value) : ruleValue(value, declared));
  }
  return result;
}
