import { getField, isObject, type JsonObject, setField } from './copy.ts';

export type JsonPath = readonly (string | number)[];

/** The value at a path of field names and list indexes; undefined where the way ends early. Never sees prototypes. */
export function getAt(value: unknown, path: JsonPath): unknown {
  let current = value;
  for (const step of path) {
    if (Array.isArray(current)) current = typeof step === 'number' ? current[step] : undefined;
    else if (isObject(current)) current = getField(current, String(step));
    else return undefined;
  }
  return current;
}

/** Sets the value at a path in place, making objects on the way. Throws where the way leads through a scalar. */
export function setAt(target: JsonObject, path: readonly string[], value: unknown): void {
  const last = path[path.length - 1];
  if (last === undefined) throw new TypeError('an empty path names no field');
  let current = target;
  for (let depth = 0; depth < path.length - 1; depth++) {
    const name = path[depth] as string;
    let next = getField(current, name);
    if (next === undefined || next === null) {
      next = {};
      setField(current, name, next);
    }
    if (!isObject(next)) throw new TypeError(`${path.slice(0, depth + 1).join('.')} is no object`);
    current = next;
  }
  setField(current, last, value);
}

/** Removes the field at a path in place; parents that become empty stay. True where there was one. */
export function removeAt(target: JsonObject, path: readonly string[]): boolean {
  const parent = getAt(target, path.slice(0, -1));
  const last = path[path.length - 1];
  if (last === undefined || !isObject(parent) || !Object.hasOwn(parent, last)) return false;
  return delete parent[last];
}
