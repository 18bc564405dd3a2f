/** Where a value stands in an object: `['spec', 'containers', 0, 'name']`. */
export type Path = readonly (string | number)[];

/** One change of an object, said so that it can be done to two objects of the same shape. */
export interface Edit {
  readonly path: Path;
  /** Absent: the value at the path is removed. */
  readonly value?: unknown;
}

export type Json = Record<string, unknown>;

export function valueAt(object: unknown, path: Path): unknown {
  let value = object;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** A copy with the edits done, in order; an edit whose parent does not exist (any more) is left out. */
export function edited(object: Json, edits: readonly Edit[]): Json {
  const copy = structuredClone(object);
  for (const { path, value } of edits) {
    const parent = valueAt(copy, path.slice(0, -1));
    const key = path.at(-1);
    if (typeof parent !== 'object' || parent === null || key === undefined) continue;
    if (value !== undefined) (parent as Record<string | number, unknown>)[key] = structuredClone(value);
    else if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete (parent as Json)[key];
  }
  return copy;
}

/** The same edits as operations of a JSON patch (RFC 6902) on `object`. */
export function jsonPatchOf(object: Json, edits: readonly Edit[]): Json[] {
  return edits.map(({ path, value }) => {
    const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    if (value === undefined) return { op: 'remove', path: pointer };
    return { op: valueAt(object, path) === undefined ? 'add' : 'replace', path: pointer, value };
  });
}

/** The same edits as a JSON merge patch (RFC 7386): lists go as a whole. */
export function mergePatchOf(object: Json, edits: readonly Edit[]): Json {
  const after = edited(object, edits);
  const patch: Json = {};
  for (const { path } of edits) {
    const index = path.findIndex((key) => typeof key === 'number');
    const upTo = index < 0 ? path : path.slice(0, index);
    let target = patch;
    for (const key of upTo.slice(0, -1)) target = (target[key] ??= {}) as Json;
    const last = upTo.at(-1);
    if (last !== undefined && typeof target === 'object' && target !== null)
      target[last] = valueAt(after, upTo) ?? null;
  }
  return patch;
}
