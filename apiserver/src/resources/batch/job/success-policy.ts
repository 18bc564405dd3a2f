import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { JobSpec, SuccessPolicy, SuccessPolicyRule } from '@coracle/apimachinery/types/batch-v1';
import { byteLength, validateNonNegative } from '@coracle/apimachinery/validation';
import { countIndexes } from './indexes.ts';

const rulesMax = 20;
const indexesBytesMax = 64 * 1024;

/** `spec.successPolicy` of an indexed job (pkg/apis/batch/validation.validateSuccessPolicy). */
export function validateSuccessPolicy(spec: JobSpec, policy: SuccessPolicy, path: string): FieldError[] {
  const rules = policy.rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    const text = 'at least one rules must be specified when the successPolicy is specified';
    errors.push(field.required(`${path}.rules`, text));
  }
  if (rules.length > rulesMax) errors.push(field.tooMany(`${path}.rules`, rules.length, rulesMax));
  for (const [index, rule] of rules.entries()) errors.push(...validateRule(spec, rule, `${path}.rules[${index}]`));
  return errors;
}

function validateRule(spec: JobSpec, rule: SuccessPolicyRule, path: string): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const completions = spec.completions ?? 0;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [field.required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  let indexes = 0;
  if (succeededIndexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (byteLength(succeededIndexes) > indexesBytesMax) errors.push(field.tooLong(at, indexesBytesMax));
    try {
      indexes = countIndexes(succeededIndexes, completions);
    } catch (error) {
      errors.push(field.invalid(at, succeededIndexes, `error parsing succeededIndexes: ${(error as Error).message}`));
    }
  }
  if (succeededCount === undefined) return errors;
  const at = `${path}.succeededCount`;
  errors.push(...validateNonNegative(succeededCount, at));
  if (succeededCount > completions) {
    const text = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(field.invalid(at, succeededCount, text));
  }
  if (succeededIndexes !== undefined && succeededCount > indexes) {
    const text = `must be less than or equal to ${indexes} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(field.invalid(at, succeededCount, text));
  }
  return errors;
}
