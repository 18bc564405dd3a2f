import { getField, isObject } from '../json/index.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { fieldSchema, isBlank, shapeOf } from './typed.ts';

/** Characters of a text; a few more where it ends. */
const shapeLengthMax = 8192;
/** Something that is owned as a whole. */
const leaf = '.';

/**
 * A text of everything in a value that a field set made from it depends on, and of nothing else: names of fields, keys of
 * list items, and where a value is one that Go has for an absent one. Values of one schema with the same text have the same
 * set. Undefined for what no decoded object holds and for what would be too long, whose set is made each time.
 */
export function shapeText(value: unknown, schema: Schema): string | undefined {
  if (typeof value !== 'object') return scalarText(value);
  if (value === null) return 'n';
  const shape = shapeOf(schema, value);
  if (shape === 'list' && Array.isArray(value)) return listText(value, schema as ListSchema);
  if (shape !== 'map' || !isObject(value)) return isBlank(value) ? (Array.isArray(value) ? '[]' : '{}') : leaf;
  let text = '{';
  for (const name in value) {
    const below = shapeText(value[name], fieldSchema(schema, name));
    if (below === undefined) return undefined;
    text += sized(name) + below;
    if (text.length > shapeLengthMax) return undefined;
  }
  return `${text}}`;
}

/** The zero values of `zero-values.ts` are told from all others. */
function scalarText(value: unknown): string | undefined {
  switch (value) {
    case undefined:
      return undefined;
    case '':
      return 'e';
    case false:
      return 'f';
    case 0:
      return 'i';
    case '0':
      return 'q';
    case '0s':
      return 'd';
    default:
      return leaf;
  }
}

function listText(list: readonly unknown[], schema: ListSchema): string | undefined {
  let text = '[';
  for (const item of list) {
    const part = schema.listType === 'set' ? keyText(item) : itemText(item, schema);
    if (part === undefined) return undefined;
    text += part;
    if (text.length > shapeLengthMax) return undefined;
  }
  return `${text}]`;
}

function itemText(item: unknown, schema: ListSchema): string | undefined {
  if (!isObject(item)) return undefined;
  let text = '';
  for (const key of schema.mapKeys ?? []) {
    const value = getField(item, key);
    const part = value === undefined ? '-' : keyText(value);
    if (part === undefined) return undefined;
    text += part;
  }
  const below = shapeText(item, schema.items);
  return below === undefined ? undefined : text + below;
}

function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return sized(value);
  return typeof value === 'number' ? `#${value},` : undefined;
}

/** With its length, so that no text can pass for another one. */
function sized(text: string): string {
  return `${text.length}"${text}`;
}
