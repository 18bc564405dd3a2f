import { type FieldError, field } from '@coracle/apimachinery/errors';
import { percent, validateNonNegative } from '@coracle/apimachinery/validation';

type IntOrPercent = number | string;

/** A whole number of at least 0, or a percentage (pkg/apis/apps/validation.ValidatePositiveIntOrPercent). */
export function validateIntOrPercent(value: IntOrPercent, path: string): FieldError[] {
  if (typeof value === 'number') return validateNonNegative(value, path);
  return percent(value).map((text) => field.invalid(path, value, text));
}

/** The number, or the number before the percent sign; 0 where it is neither. */
export function intOrPercentValue(value: IntOrPercent | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const number = Number.parseInt(value, 10);
  return Number.isNaN(number) ? 0 : number;
}

export function validateAtMost100Percent(value: IntOrPercent, path: string): FieldError[] {
  const isPercent = typeof value === 'string' && percent(value).length === 0;
  if (!isPercent || intOrPercentValue(value) <= 100) return [];
  return [field.invalid(path, value, 'must not be greater than 100%')];
}
