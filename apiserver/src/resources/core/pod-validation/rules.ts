import { type FieldError, field } from '@coracle/apimachinery/errors';

/** Small rules that several parts of a pod share. */

export function noBackstepErrors(value: string, path: string): FieldError[] {
  return value.split('/').includes('..') ? [field.invalid(path, value, "must not contain '..'")] : [];
}

/** Relative and never upwards. */
export function descendingPathErrors(value: string, path: string): FieldError[] {
  const errors = value.startsWith('/') ? [field.invalid(path, value, 'must be a relative path')] : [];
  return [...errors, ...noBackstepErrors(value, path)];
}

/** As `descendingPathErrors`, and no name that the volume plug-ins keep for themselves. */
export function localPathErrors(value: string, path: string): FieldError[] {
  const errors = descendingPathErrors(value, path);
  if (value.startsWith('..') && !value.startsWith('../'))
    errors.push(field.invalid(path, value, "must not start with '..'"));
  return errors;
}

export function fileModeErrors(mode: number | undefined, path: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [field.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

export function nonNegativeErrors(value: number | undefined, path: string): FieldError[] {
  if (value === undefined || value >= 0) return [];
  return [field.invalid(path, value, 'must be greater than or equal to 0')];
}

/** Tells a set of values that are seen twice. */
export class Unique {
  readonly #seen = new Set<string>();

  constructor(initial: readonly string[] = []) {
    for (const value of initial) this.#seen.add(value);
  }

  errors(value: string, path: string): FieldError[] {
    if (this.#seen.has(value)) return [field.duplicate(path, value)];
    this.#seen.add(value);
    return [];
  }
}
