import { type FieldError, field } from '@coracle/apimachinery/errors';

/** Small rules that several parts share. */

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

/**
 * An object as Go prints a struct without JSON names: `{"Type":"x","LocalhostProfile":null}`; `fields` are all its fields
 * with what an absent one shows. It has no prototype, which keeps its fields in their order where it is printed.
 */
export function goStruct<T extends object>(
  object: T,
  fields: Readonly<Partial<Record<keyof T, unknown>>>,
): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, zero]) => [
    name.charAt(0).toUpperCase() + name.slice(1),
    object[name as keyof T] ?? zero,
  ]);
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(entries));
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
