import { textOfError } from '@coracle/apimachinery/errors';
import type { MatchCondition } from '@coracle/apimachinery/types/admissionregistration-v1';
import { programOf } from './request-variables.ts';

/** `no`: some condition does not hold. `error`: none says no, and some cannot be evaluated. */
export type ConditionsVerdict = { readonly type: 'yes' | 'no' } | { readonly type: 'error'; readonly message: string };

/** All conditions must hold (k8s.io/apiserver pkg/admission/plugin/webhook/matchconditions). */
export function evaluateConditions(
  conditions: readonly MatchCondition[],
  variables: Readonly<Record<string, unknown>>,
): ConditionsVerdict {
  const errors: string[] = [];
  for (const { name, expression } of conditions) {
    try {
      if (programOf(expression).evaluate(variables) !== true) return { type: 'no' };
    } catch (error) {
      errors.push(
        `match condition ${JSON.stringify(name)}: expression '${expression}' resulted in error: ${textOfError(error)}`,
      );
    }
  }
  if (errors.length === 0) return { type: 'yes' };
  return { type: 'error', message: errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]` };
}
