import { FieldsOnly } from './native-maps.ts';
import { CelError } from './cel-error.ts';
import { CelDuration, CelTimestamp } from './time.ts';
import {
  CelList,
  type CelObject,
  CelUint,
  celCompare,
  celEquals,
  type CelValue,
  elementsOf,
  isList,
  isMap,
  KeyedList,
  lookUp,
} from './values.ts';

const intMax = 2n ** 63n - 1n;
const intMin = -(2n ** 63n);

export function checkInt(value: bigint): bigint {
  if (value > intMax || value < intMin) throw new CelError('integer overflow');
  return value;
}

export function negate(value: CelValue): CelValue {
  if (typeof value === 'bigint') return checkInt(-value);
  if (typeof value === 'number') return -value;
  if (value instanceof CelDuration) return new CelDuration(-value.nanos);
  throw new CelError('no such overload');
}

export function applyBinary(operator: string, left: CelValue, right: CelValue): CelValue {
  switch (operator) {
    case '==':
      return celEquals(left, right);
    case '!=':
      return !celEquals(left, right);
    case '<':
      return order(left, right, operator) < 0;
    case '<=':
      return order(left, right, operator) <= 0;
    case '>':
      return order(left, right, operator) > 0;
    case '>=':
      return order(left, right, operator) >= 0;
    case 'in':
      return isIn(left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

function order(left: CelValue, right: CelValue, operator: string): number {
  if (!isOrdered(left)) throw new CelError(`no such overload: _${operator}_`);
  if (Number.isNaN(left) || Number.isNaN(right)) throw new CelError('NaN values cannot be ordered');
  const result = celCompare(left, right);
  if (result === undefined) throw overload();
  return result;
}

/** Types that have an order at all. */
const isOrdered = (value: CelValue) =>
  typeof value !== 'object' ||
  value instanceof Uint8Array ||
  value instanceof CelUint ||
  value instanceof CelDuration ||
  value instanceof CelTimestamp;

function isIn(element: CelValue, container: CelValue): boolean {
  if (isList(container)) return elementsOf(container).some((each) => celEquals(each, element));
  if (isMap(container) && !(container instanceof FieldsOnly)) return lookUp(container, element) !== undefined;
  throw overload();
}

function overload(): CelError {
  return new CelError('no such overload');
}

function arithmetic(operator: string, left: CelValue, right: CelValue): CelValue {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkInt(integers(operator, left, right));
  if (left instanceof CelUint && right instanceof CelUint)
    return new CelUint(integers(operator, left.value, right.value));
  if (typeof left === 'number' && typeof right === 'number') return doubles(operator, left, right);
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (left instanceof Uint8Array && right instanceof Uint8Array) return Uint8Array.from([...left, ...right]);
    if (left instanceof KeyedList && isList(right)) return left.merged(elementsOf(right));
    if (isList(left) && isList(right)) return CelList.copy([...elementsOf(left), ...elementsOf(right)]);
  }
  const times = timeArithmetic(operator, left, right);
  if (times !== undefined) return times;
  const calculates =
    (isOrdered(left) && typeof left !== 'boolean') || (operator === '+' && left !== null && isList(left));
  throw calculates ? overload() : new CelError(`no such overload: _${operator}_`);
}

function integers(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      if (right === 0n) throw new CelError(operator === '/' ? 'division by zero' : 'modulus by zero');
      return operator === '/' ? left / right : left % right;
  }
}

function doubles(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      throw new CelError('no such overload');
  }
}

function timeArithmetic(operator: string, left: CelValue, right: CelValue): CelObject | undefined {
  const sign = operator === '-' ? -1n : operator === '+' ? 1n : undefined;
  if (sign === undefined) return undefined;
  if (left instanceof CelTimestamp && right instanceof CelDuration)
    return new CelTimestamp(left.nanos + sign * right.nanos);
  if (left instanceof CelDuration && right instanceof CelDuration)
    return new CelDuration(left.nanos + sign * right.nanos);
  if (left instanceof CelDuration && right instanceof CelTimestamp && sign === 1n)
    return new CelTimestamp(left.nanos + right.nanos);
  if (left instanceof CelTimestamp && right instanceof CelTimestamp && sign === -1n) return difference(left, right);
  return undefined;
}

function difference(left: CelTimestamp, right: CelTimestamp): CelDuration {
  return new CelDuration(checkInt(left.nanos - right.nanos));
}
