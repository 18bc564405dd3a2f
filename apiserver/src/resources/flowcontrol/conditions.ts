import { type FieldError, field } from '@coracle/apimachinery/errors';

/** Conditions of both kinds: each has a type, no type is there twice. */
export function validateConditionTypes(conditions: readonly { readonly type?: string }[]): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type = '' }, index) => {
    const path = `status.conditions[${index}].type`;
    const errors = seen.has(type) ? [field.duplicate(path, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, field.required(path)] : errors;
  });
}
