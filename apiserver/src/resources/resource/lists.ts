import { type FieldError, field } from '@coracle/apimachinery/errors';

/** Judges items of a list; one that is longer than `max` is refused and not looked at (pkg/apis/resource/validation.validateSlice). */
export function validateItems<T>(
  items: readonly T[] | undefined | null,
  max: number,
  path: string,
  validate: (item: T, path: string) => readonly FieldError[],
): FieldError[] {
  const list = items ?? [];
  if (list.length > max) return [field.tooMany(path, list.length, max)];
  return list.flatMap((item, index) => validate(item, `${path}[${index}]`));
}

/** As `validateItems`, and none has the key of an earlier one. */
export function validateSet<T>(
  items: readonly T[] | undefined | null,
  max: number,
  path: string,
  keyOf: (item: T) => string,
  validate: (item: T, path: string) => readonly FieldError[],
): FieldError[] {
  const keys = (items ?? []).map(keyOf);
  if (keys.length > max) return validateItems(items, max, path, validate);
  return [
    ...validateItems(items, max, path, validate),
    ...keys.flatMap((key, index) => (keys.indexOf(key) < index ? [field.duplicate(`${path}[${index}]`, key)] : [])),
  ];
}

/** Judges keys and values of a map; a long key is cut in the middle where it stands in a path. */
export function validateEntries<T>(
  map: Readonly<Record<string, T>> | undefined,
  path: string,
  keyBytesMax: number,
  validateKey: (key: string, path: string) => readonly FieldError[],
  validate: (value: T, path: string) => readonly FieldError[],
): FieldError[] {
  return Object.entries(map ?? {}).flatMap(([key, value]) => [
    ...validateKey(key, path),
    ...validate(value, `${path}[${shortened(key, keyBytesMax)}]`),
  ]);
}

function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const left = max - '...'.length;
  return `${text.slice(0, Math.floor((left + 1) / 2))}...${text.slice(text.length - Math.floor(left / 2))}`;
}
