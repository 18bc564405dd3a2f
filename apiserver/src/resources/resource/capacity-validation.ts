import { type FieldError, field } from '@coracle/apimachinery/errors';
import { parseQuantity, type Quantity, quantityOrZero } from '@coracle/apimachinery/quantity';
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '@coracle/apimachinery/types/resource-v1';
import { validateSet } from './lists.ts';

const discreteValuesMax = 10;
const int64Max = parseQuantity('9223372036854775807');

/** What may be asked of a capacity (pkg/apis/resource/validation.validateRequestPolicy); `shared`: several claims may have a device. */
export function validateCapacity(
  { value, requestPolicy }: DeviceCapacity,
  shared: boolean,
  path: string,
): FieldError[] {
  if (requestPolicy === undefined) return [];
  const at = `${path}.requestPolicy`;
  return shared
    ? validatePolicy(quantityOrZero(value), requestPolicy, at)
    : [field.forbidden(at, 'allowMultipleAllocations must be true')];
}

function validatePolicy(capacity: Quantity, policy: CapacityRequestPolicy, path: string): FieldError[] {
  const { default: fallback, validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [field.forbidden(path, text)];
  }
  if (validValues.length === 0 && validRange === undefined) return [];
  const kind = validRange === undefined ? 'validValues' : 'validRange';
  if (fallback === undefined) return [field.required(`${path}.default`, `required when ${kind} is defined`)];
  const chosen = parseQuantity(fallback);
  if (validRange !== undefined) return validateRange(chosen, capacity, validRange, `${path}.validRange`);
  return validateValues(chosen, capacity, validValues.map(parseQuantity), `${path}.validValues`);
}

function validateValues(
  fallback: Quantity,
  capacity: Quantity,
  values: readonly Quantity[],
  path: string,
): FieldError[] {
  const unsorted = values.flatMap((value, index) =>
    index > 0 && (values[index - 1] as Quantity).compare(value) > 0
      ? [field.invalid(`${path}[${index}]`, value.toString(), 'values must be sorted in ascending order')]
      : [],
  );
  const items = validateSet(
    values,
    discreteValuesMax,
    path,
    (value) => decimalText(value),
    (value, at) =>
      value.compare(capacity) > 0
        ? [field.invalid(at, value.toString(), `option is larger than capacity value: ${capacity}`)]
        : [],
  );
  const isOffered = values.length <= discreteValuesMax && values.some((value) => value.compare(fallback) === 0);
  const unoffered = 'default value is not valid according to the requestPolicy';
  return [...unsorted, ...items, ...(isOffered ? [] : [field.invalid(path, fallback.toString(), unoffered)])];
}

/** A quantity as a plain decimal number. */
function decimalText({ nanos }: Quantity): string {
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

interface Range {
  readonly default: Quantity;
  readonly min: Quantity;
  readonly max: Quantity | undefined;
  readonly step: Quantity | undefined;
}

function validateRange(
  fallback: Quantity,
  capacity: Quantity,
  { min, max, step }: CapacityRequestPolicyRange,
  path: string,
): FieldError[] {
  if (!min) return [field.required(`${path}.min`, 'required when validRange is defined')];
  const range: Range = {
    default: fallback,
    min: parseQuantity(min),
    max: max === undefined ? undefined : parseQuantity(max),
    step: step === undefined ? undefined : parseQuantity(step),
  };
  const errors = validateBounds(range, capacity, path);
  const byThousandths = [range.default, range.min, range.max, range.step].some(
    (each) => each && each.nanos % unit !== 0n,
  );
  const unsafe = byThousandths ? inexact(range, path) : [];
  if (unsafe.length > 0) return [...errors, ...unsafe];
  return [...errors, ...validateStep(range, capacity, byThousandths, path)];
}

const unit = 1_000_000_000n;
const thousandth = 1_000_000n;

function validateBounds({ default: fallback, min, max }: Range, capacity: Quantity, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const find = (isWrong: boolean, name: string, value: Quantity, text: string) => {
    if (isWrong) errors.push(field.invalid(`${path}.${name}`, value.toString(), text));
  };
  find(min.compare(capacity) > 0, 'min', min, `min is larger than capacity value: ${capacity}`);
  find(fallback.compare(min) < 0, 'default', fallback, `default is less than min: ${min}`);
  if (max === undefined) return errors;
  find(min.compare(max) > 0, 'max', min, `min is larger than max: ${max}`);
  find(max.compare(capacity) > 0, 'max', max, `max is larger than capacity value: ${capacity}`);
  find(fallback.compare(max) > 0, 'default', fallback, `default is more than max: ${max}`);
  return errors;
}

/** Findings about each part of a range that is there. */
function ofParts(range: Range, path: string, problem: (part: Quantity) => string | undefined): FieldError[] {
  return (['default', 'min', 'max', 'step'] as const).flatMap((name) => {
    const part = range[name];
    const text = part === undefined ? undefined : problem(part);
    return part === undefined || text === undefined ? [] : [field.invalid(`${path}.${name}`, part.toString(), text)];
  });
}

function inexact(range: Range, path: string): FieldError[] {
  return ofParts(range, path, ({ nanos }) =>
    nanos % thousandth === 0n ? undefined : 'value cannot be represented as a milli value',
  );
}

function outsideInt64(range: Range, path: string): FieldError[] {
  return ofParts(range, path, (part) => {
    if (part.nanos < 0n) return 'must be greater than or equal to 0';
    return part.compare(int64Max) > 0 ? 'must not be larger than 9223372036854775807' : undefined;
  });
}

function validateStep(range: Range, capacity: Quantity, byThousandths: boolean, path: string): FieldError[] {
  const { default: fallback, min, max, step } = range;
  if (step === undefined) return [];
  const at = `${path}.step`;
  if (step.nanos <= 0n) return [field.invalid(at, step.toString(), 'must be greater than zero')];
  const next = min.add(step);
  const tooLarge = `one step ${next} is larger than capacity value: ${capacity}`;
  const errors = next.compare(capacity) > 0 ? [field.invalid(at, step.toString(), tooLarge)] : [];
  const unsafe = byThousandths ? [] : outsideInt64(range, path);
  if (unsafe.length > 0) return [...errors, ...unsafe];
  for (const value of [fallback, ...(max === undefined ? [] : [max])]) {
    if ((value.nanos - min.nanos) % step.nanos === 0n) continue;
    const text = `value is not a multiple of a given step (${step}) from (${min})`;
    errors.push(field.invalid(at, value.toString(), text));
  }
  return errors;
}
