import { CelError } from './cel-error.ts';
import {
  CelOptional,
  CelUint,
  celTypeOf,
  type CelValue,
  elementAt,
  isList,
  isMap,
  isNumeric,
  lookUp,
  noValue,
} from './values.ts';

/** A field of a map or object. Throws CelError where there is none. */
export function selectField(value: CelValue, field: string): CelValue {
  if (isList(value)) return valueAt(value, field);
  const found = isMap(value) ? lookUp(value, field) : undefined;
  if (found === undefined) throw new CelError(`no such key: ${field}`);
  return found;
}

/** What is under an index or a key. Throws CelError where there is nothing. */
export function valueAt(value: CelValue, key: CelValue): CelValue {
  if (isList(value)) {
    const found = inList(value, key);
    if (found === undefined) throw new CelError(`index out of bounds: ${printKey(key)}`);
    return found;
  }
  if (!isMap(value)) throw new CelError(`no such key: ${printKey(key)}`);
  const found = lookUp(value, key);
  if (found === undefined) throw new CelError(`no such key: ${printKey(key)}`);
  return found;
}

/** The same, as an optional: none where there is nothing. */
export function lookUpOptional(target: CelValue, key: CelValue): CelOptional {
  const value = target instanceof CelOptional ? target.value : target;
  if (value === undefined) return noValue;
  const found = isList(value) ? inList(value, key) : isMap(value) ? lookUp(value, key) : undefined;
  return found === undefined ? noValue : new CelOptional(found);
}

function inList(list: readonly CelValue[], key: CelValue): CelValue | undefined {
  if (!isNumeric(key)) throw new CelError(`unsupported index type '${celTypeOf(key)}' in list`);
  const position = Number(key instanceof CelUint ? key.value : key);
  if (!Number.isInteger(position)) throw new CelError(`unsupported index value ${position} in list`);
  return position >= 0 && position < list.length ? elementAt(list, position) : undefined;
}

const printKey = (key: CelValue): string => String(key instanceof CelUint ? key.value : key);
