import { textOfError } from '@coracle/apimachinery/errors';
import type { MatchCondition } from '@coracle/apimachinery/types/admissionregistration-v1';
import { PendingDecision } from './asked-authorizer.ts';
import { conditionPrograms } from './policy-programs.ts';

/** `no`: some condition does not hold. `error`: none says no, and some cannot be evaluated. */
export type ConditionsVerdict =
  | { readonly type: 'yes' }
  | { readonly type: 'no' }
  | { readonly type: 'error'; readonly message: string };

/** What all conditions of one webhook or policy may cost together on one write. */
const conditionsCostMax = 2_500_000;
export const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run';

/** All conditions must hold; throws PendingDecision for `whenDecided` (k8s.io/apiserver pkg/admission/plugin/webhook/matchconditions). */
export function evaluateConditions(
  conditions: readonly MatchCondition[],
  variables: Readonly<Record<string, unknown>>,
): ConditionsVerdict {
  const errors: string[] = [];
  const budget = { remaining: conditionsCostMax };
  for (const { expression } of conditions) {
    try {
      const holds = conditionPrograms.of(expression, ['bool']).evaluate(variables, budget) === true;
      if (budget.remaining < 0) return { type: 'error', message: outOfBudget };
      if (!holds) return { type: 'no' };
    } catch (error) {
      if (error instanceof PendingDecision) throw error;
      if (budget.remaining < 0) return { type: 'error', message: outOfBudget };
      errors.push(`expression '${expression}' resulted in error: ${textOfError(error)}`);
    }
  }
  if (errors.length === 0) return { type: 'yes' };
  return { type: 'error', message: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]` };
}
