import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { MatchCondition } from '@coracle/apimachinery/types/admissionregistration-v1';
import { qualifiedName } from '@coracle/apimachinery/validation';
import { checkExpression } from '../../admission/cel/index.ts';

const conditionsMax = 64;

/** Conditions in CEL: names, presence, and that they compile. `params`: they may use those of a policy. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  path: string,
  params: boolean,
  stored: ReadonlySet<string> = new Set(),
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > conditionsMax) errors.push(field.tooMany(path, conditions.length, conditionsMax));
  const context = { params, authorizer: true };
  const names = new Set<string>();
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const at = `${path}[${index}]`;
    if (expression.trim() === '') errors.push(field.required(`${at}.expression`));
    errors.push(...checkExpression(expression, `${at}.expression`, context, ['bool'], stored));
    if (name === '') errors.push(field.required(`${at}.name`));
    else errors.push(...qualifiedName(name).map((text) => field.invalid(`${at}.name`, name, text)));
    if (name !== '' && names.has(name)) errors.push(field.duplicate(`${at}.name`, name));
    names.add(name);
  }
  return errors;
}
