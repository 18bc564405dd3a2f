import { type FieldError, field } from '@coracle/apimachinery/errors';

/** Findings of a format rule as errors of one field. */
export function formatErrors(rule: (value: string) => readonly string[], value: string, path: string): FieldError[] {
  return rule(value).map((text) => field.invalid(path, value, text));
}

/** Given and one of these; `supported` in the order upstream prints it. */
export function oneOfErrors(value: string | undefined, supported: readonly string[], path: string): FieldError[] {
  if (!value) return [field.required(path)];
  return supported.includes(value) ? [] : [field.notSupported(path, value, supported)];
}

/** One of these where it is given. */
export function optionErrors(value: string | undefined, supported: readonly string[], path: string): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [field.notSupported(path, value, supported)];
}
