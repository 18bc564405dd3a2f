import { type FieldError, field } from '../errors/index.ts';
import { byteLength, qualifiedName, regexText } from './names.ts';

interface ConditionLike {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
  readonly observedGeneration?: number;
}

const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonText = regexText(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reasonFormat,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);

/** A list of metav1.Condition. */
export function validateConditions(conditions: readonly ConditionLike[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, condition] of conditions.entries()) {
    const at = `${path}[${index}]`;
    const type = condition.type ?? '';
    if (seen.has(type)) errors.push(field.duplicate(at, type));
    seen.add(type);
    errors.push(...validateCondition(condition, at));
  }
  return errors;
}

function validateCondition(condition: ConditionLike, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '', status = '', reason = '', message = '', observedGeneration = 0 } = condition;
  if (type === '') errors.push(field.required(`${path}.type`, 'is required'));
  else for (const text of qualifiedName(type)) errors.push(field.invalid(`${path}.type`, type, text));
  if (status === '') errors.push(field.required(`${path}.status`));
  else if (!['False', 'True', 'Unknown'].includes(status)) {
    errors.push(field.notSupported(`${path}.status`, status, ['False', 'True', 'Unknown']));
  }
  if (observedGeneration < 0) {
    const text = 'must be greater than or equal to zero';
    errors.push(field.invalid(`${path}.observedGeneration`, observedGeneration, text));
  }
  if (!condition.lastTransitionTime) errors.push(field.required(`${path}.lastTransitionTime`));
  if (reason === '') errors.push(field.required(`${path}.reason`));
  else {
    if (!/^[A-Za-z](?:[A-Za-z0-9_]|[,:]+[A-Za-z0-9_])*$/.test(reason)) {
      errors.push(field.invalid(`${path}.reason`, reason, reasonText));
    }
    if (byteLength(reason) > 1024) errors.push(field.tooLong(`${path}.reason`, 1024));
  }
  if (byteLength(message) > 32 * 1024) errors.push(field.tooLong(`${path}.message`, 32 * 1024));
  return errors;
}
