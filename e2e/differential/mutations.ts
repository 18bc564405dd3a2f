import type { Schema } from '@coracle/apimachinery/schema';
import type { Edit, Json, Path } from './edits.ts';
import type { Choices } from './random.ts';
import { badValue, sample } from './samples.ts';

/** A place in an object that a schema knows; `value` is undefined where it is absent. */
export interface Spot {
  readonly path: Path;
  readonly schema: Schema;
  readonly value: unknown;
  /** Stands in a list, where an absent value cannot be put. */
  readonly item: boolean;
}

/** System fields, which one in a while is enough for. */
const rarelyMutated: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** All places of an object: what is there, and the fields that could be. */
export function spotsOf(schema: Schema, value: unknown, path: Path = [], item = false): Spot[] {
  const spots: Spot[] = path.length === 0 ? [] : [{ path, schema, value, item }];
  if (typeof value !== 'object' || value === null) return spots;
  if (schema.type === 'object') {
    for (const field of schema.fields.values()) {
      spots.push(...spotsOf(field.schema, (value as Json)[field.name], [...path, field.name]));
    }
  } else if (schema.type === 'map') {
    // In one order: the two servers write maps in orders of their own.
    for (const [key, inner] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      spots.push(...spotsOf(schema.values, inner, [...path, key]));
  } else if (schema.type === 'list' && Array.isArray(value)) {
    for (const [index, inner] of value.entries()) spots.push(...spotsOf(schema.items, inner, [...path, index], true));
  }
  return spots;
}

/**
 * One change of `object`: a value spoilt, removed or replaced by a plausible one, or an absent field set. `under` confines it
 * to a part of the object (`['status']`).
 */
export function chooseEdit(schema: Schema, object: Json, choices: Choices, under: Path = []): Edit | undefined {
  const spots = spotsOf(schema, object).filter((spot) => isUnder(spot.path, under));
  const isRare = ({ path: [root = ''] }: Spot) => under.length === 0 && rarelyMutated.has(String(root));
  const wanted = choices.chance(0.12) ? spots.filter(isRare) : spots.filter((spot) => !isRare(spot));
  const present = wanted.filter((spot) => spot.value !== undefined);
  const absent = wanted.filter((spot) => spot.value === undefined && !spot.item);
  const pool = present.length > 0 && (absent.length === 0 || choices.chance(0.6)) ? present : absent;
  if (pool.length === 0) return undefined;
  return editOf(choices.of(pool), choices);
}

function editOf(spot: Spot, choices: Choices): Edit {
  const { path, schema, value } = spot;
  if (value === undefined) {
    return { path, value: choices.chance(0.75) ? sample(schema, choices) : (badValue(schema, value, choices) ?? null) };
  }
  return choices.weighted<() => Edit>([
    [2, () => ({ path })],
    [5, () => ({ path, value: badValue(schema, value, choices) })],
    [3, () => ({ path, value: sample(schema, choices) })],
  ])();
}

function isUnder(path: Path, under: Path): boolean {
  return path.length > under.length && under.every((key, index) => path[index] === key);
}
