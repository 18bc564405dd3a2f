import { CelError } from '../cel-error.ts';
import { CelList, CelOptional, type CelValue, elementsOf, isList, noValue } from '../values.ts';
import { sizeOf } from './conversions.ts';
import type { Functions } from './function.ts';

const isZero = (value: CelValue): boolean =>
  value === null || value === false || value === '' || value === 0n || value === 0 || sizeOf(value) === 0n;

function unwrap(list: CelValue | undefined): CelValue | undefined {
  if (list === undefined || !isList(list)) return undefined;
  const values = new CelList();
  for (const each of elementsOf(list)) {
    if (!(each instanceof CelOptional)) throw new CelError(`value ${String(each)} is not optional`);
    if (each.value !== undefined) values.push(each.value);
  }
  return values;
}

export const optionalFunctions: Functions = {
  'optional.of': ([value]) => new CelOptional(value),
  'optional.none': () => noValue,
  'optional.ofNonZeroValue': ([value]) => (value === undefined || isZero(value) ? noValue : new CelOptional(value)),
  'optional.unwrap': ([list]) => unwrap(list),
  unwrapOpt: ([list]) => unwrap(list),
};
