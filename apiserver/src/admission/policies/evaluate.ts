import { textOfError } from '@coracle/apimachinery/errors';
import type { Validation, ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import { evaluateConditions } from '../cel/match-conditions.ts';
import { programOf } from '../cel/request-variables.ts';

/** What a policy has against a write. */
export interface Denial {
  readonly message: string;
  /** Empty: Invalid. */
  readonly reason: string;
}

export interface Evaluation {
  readonly denials: readonly Denial[];
  readonly annotations: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, unknown>>;

const messageBytesMax = 5 * 1024;
const nothing: Evaluation = { denials: [], annotations: {} };

/** One policy on one write with one parameter (k8s.io/apiserver pkg/admission/plugin/policy/validating/validator.go). */
export function evaluatePolicy(spec: ValidatingAdmissionPolicySpec, request: Variables): Evaluation {
  const fails = spec.failurePolicy !== 'Ignore';
  const conditions = evaluateConditions(spec.matchConditions ?? [], request);
  if (conditions.type === 'no') return nothing;
  if (conditions.type === 'error')
    return fails ? { ...nothing, denials: [{ message: conditions.message, reason: '' }] } : nothing;
  const variables = { ...request, variables: lazyVariables(spec, request) };
  const denials: Denial[] = [];
  for (const validation of spec.validations ?? []) {
    try {
      if (programOf(validation.expression).evaluate(variables) === true) continue;
      denials.push({ message: messageOf(validation, variables), reason: validation.reason ?? '' });
    } catch (error) {
      const message = `expression '${validation.expression}' resulted in error: ${textOfError(error)}`;
      if (fails) denials.push({ message, reason: '' });
    }
  }
  const annotations: Record<string, string> = {};
  for (const { key, valueExpression } of spec.auditAnnotations ?? []) {
    try {
      const value = programOf(valueExpression).evaluate(variables);
      if (typeof value === 'string' && value.trim() !== '') annotations[key] = value;
    } catch (error) {
      if (fails) denials.push({ message: textOfError(error), reason: '' });
    }
  }
  return { denials, annotations };
}

/** Each is evaluated when it is first used, at most once; later ones may use earlier ones. */
export function lazyVariables(
  { variables = [] }: Pick<ValidatingAdmissionPolicySpec, 'variables'>,
  request: Variables,
): object {
  const lazy: object = {};
  for (const { name, expression } of variables) {
    let evaluated: { readonly value: unknown } | undefined;
    Object.defineProperty(lazy, name, {
      enumerable: true,
      get() {
        evaluated ??= { value: programOf(expression).evaluate({ ...request, variables: lazy }) };
        return evaluated.value;
      },
    });
  }
  return lazy;
}

function messageOf({ message = '', messageExpression, expression }: Validation, variables: Variables): string {
  const fallback = message.trim() || `failed expression: ${expression.trim()}`;
  if (!messageExpression) return fallback;
  try {
    const text = programOf(messageExpression).evaluate(variables);
    const usable =
      typeof text === 'string' && text.trim() !== '' && !text.includes('\n') && text.length <= messageBytesMax;
    return usable ? text.trim() : fallback;
  } catch {
    return fallback;
  }
}
