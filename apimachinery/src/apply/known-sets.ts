import type { Schema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { shapeText } from './shape-text.ts';

/** Sets of one generation; two are kept. A set has some kilobytes, and so has its shape. */
const setsMax = 256;

/**
 * Sets by what they were made from. Objects made from one template differ in values and not in fields: the pods of a
 * Deployment share one set, which is found in a fifth of the time that it takes to make, and is in memory once.
 */
export class KnownSets {
  #recent = new Map<string, FieldSet>();
  #older = new Map<string, FieldSet>();

  /** The set of a value under a schema: `make` is asked where no such value was met lately, and must look at nothing else. */
  of(value: unknown, schema: Schema, make: () => FieldSet): FieldSet {
    const shape = shapeText(value, schema);
    if (shape === undefined) return make();
    const key = `${numberOf(schema)} ${shape}`;
    let set = this.#recent.get(key);
    if (set !== undefined) return set;
    set = this.#older.get(key) ?? make();
    if (this.#recent.size >= setsMax) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, set);
    if (!texts.has(set)) texts.set(set, undefined);
    return set;
  }
}

/** JSON of sets that many objects share, once somebody asked. */
const texts = new WeakMap<object, string | undefined>();

/** JSON of the `fieldsV1` of an entry: made once for a set that objects of one template share. */
export function fieldsJson(fields: object): string {
  const known = texts.get(fields);
  if (known !== undefined) return known;
  const text = JSON.stringify(fields);
  if (texts.has(fields)) texts.set(fields, text);
  return text;
}

const numbers = new WeakMap<Schema, number>();
let lastNumber = 0;

function numberOf(schema: Schema): number {
  let number = numbers.get(schema);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(schema, number);
  }
  return number;
}
