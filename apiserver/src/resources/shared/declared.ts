import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';

// Some rules are declared with the types upstream: they are told after those that are written by hand.

export function isMissing(error: FieldError): boolean {
  return error.type === 'FieldValueRequired';
}

export function isNotMissing(error: FieldError): boolean {
  return !isMissing(error);
}

/** Findings with those that values are missing at the end. */
export function missingLast(errors: readonly FieldError[]): FieldError[] {
  return [...errors.filter(isNotMissing), ...errors.filter(isMissing)];
}

/** A declared rule against changes: it does not show the value. */
export function unchanged(value: unknown, old: unknown, path: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [field.invalid(path, null, 'field is immutable')];
}
