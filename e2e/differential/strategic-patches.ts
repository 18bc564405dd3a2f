import type { ObjectSchema, Schema } from '@coracle/apimachinery/schema';
import { type Edit, edited, type Json } from './edits.ts';
import type { Choices } from './random.ts';

/**
 * A strategic merge patch that makes the edits: items of keyed lists go by their key, now and then with a directive
 * (`$patch`, `$setElementOrder`, `$retainKeys`, `$deleteFromPrimitiveList`).
 */
export function strategicPatch(schema: ObjectSchema, object: Json, edits: readonly Edit[], choices: Choices): Json {
  const after = edited(object, edits);
  const patch: Json = {};
  for (const { path } of edits) Object.assign(patch, partOf(schema, object, after, path, choices, patch));
  if (choices.chance(0.05)) patch['$patch'] = choices.of(['replace', 'delete', 'bogus']);
  return patch;
}

function partOf(
  schema: Schema | undefined,
  before: unknown,
  after: unknown,
  path: Edit['path'],
  choices: Choices,
  into: Json = {},
): Json {
  const [key, ...rest] = path;
  if (key === undefined) return into;
  const field = schema?.type === 'object' ? schema.fields.get(String(key)) : undefined;
  const inner = field?.schema ?? (schema?.type === 'map' ? schema.values : undefined);
  const [was, is] = [childOf(before, key), childOf(after, key)];
  const [index] = rest;
  const mergeKey = field?.patchStrategy?.includes('merge') === true ? field.patchMergeKey : undefined;
  if (typeof index === 'number' && Array.isArray(was) && Array.isArray(is)) {
    return { ...into, ...listPart(String(key), inner, was, is, rest, mergeKey, choices) };
  }
  if (rest.length === 0 || !isJson(is)) return { ...into, [key]: is ?? null };
  const part = partOf(inner, was, is, rest, choices, (into[key] as Json | undefined) ?? {});
  if (choices.chance(0.06)) part['$patch'] = choices.of(['replace', 'merge', 'delete']);
  if (choices.chance(0.06)) part['$retainKeys'] = Object.keys(part);
  return { ...into, [key]: part };
}

function listPart(
  key: string,
  schema: Schema | undefined,
  was: readonly unknown[],
  is: readonly unknown[],
  rest: Edit['path'],
  mergeKey: string | undefined,
  choices: Choices,
): Json {
  const index = Number(rest[0]);
  const [item, old] = [is[index], was[index]];
  const items = schema?.type === 'list' ? schema.items : undefined;
  if (mergeKey === undefined || !isJson(old)) {
    if (choices.chance(0.2)) return { [`$deleteFromPrimitiveList/${key}`]: [old] };
    return { [key]: is };
  }
  const named = { [mergeKey]: old[mergeKey] };
  if (is.length < was.length || choices.chance(0.1)) return { [key]: [{ ...named, $patch: 'delete' }] };
  const changed = isJson(item) ? { ...named, ...partOf(items, old, item, rest.slice(1), choices) } : item;
  const order = choices.chance(0.2)
    ? { [`$setElementOrder/${key}`]: was.map((each) => ({ [mergeKey]: childOf(each, mergeKey) })).toReversed() }
    : {};
  return { ...order, [key]: choices.chance(0.05) ? [changed, { $patch: 'replace' }] : [changed] };
}

function childOf(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
