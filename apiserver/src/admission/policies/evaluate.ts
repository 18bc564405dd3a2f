import { CelError, type CostBudget } from '@coracle/apimachinery/cel';
import { textOfError } from '@coracle/apimachinery/errors';
import type { Validation, ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import { evaluateConditions, outOfBudget } from '../cel/match-conditions.ts';
import { type Programs, policyPrograms } from '../cel/policy-programs.ts';

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
/** What all validations of one policy may cost together on one write with one parameter. */
export const policyCostMax = 10_000_000;
const nothing: Evaluation = { denials: [], annotations: {} };

/** One policy on one write with one parameter (k8s.io/apiserver pkg/admission/plugin/policy/validating/validator.go). */
export function evaluatePolicy(spec: ValidatingAdmissionPolicySpec, request: Variables): Evaluation {
  const fails = spec.failurePolicy !== 'Ignore';
  const conditions = evaluateConditions(spec.matchConditions ?? [], request);
  if (conditions.type === 'no') return nothing;
  if (conditions.type === 'error')
    return fails ? { ...nothing, denials: [{ message: conditions.message, reason: '' }] } : nothing;
  const programs = policyPrograms(spec);
  const budget = { remaining: policyCostMax };
  const variables = { ...request, variables: lazyVariables(spec, request, programs, budget) };
  const denials: Denial[] = [];
  const deny = (message: string) => {
    if (fails) denials.push({ message, reason: '' });
  };
  for (const validation of spec.validations ?? []) {
    try {
      const holds = programs.of(validation.expression, ['bool']).evaluate(variables, budget);
      if (budget.remaining < 0) throw new OutOfBudget(outOfBudget);
      if (holds === true) continue;
      const message = messageOf(validation, variables, programs, budget);
      denials.push({ message, reason: validation.reason ?? '' });
    } catch (error) {
      if (error instanceof OutOfBudget || budget.remaining < 0) {
        return { ...nothing, denials: fails ? [{ message: outOfBudget, reason: '' }] : [] };
      }
      deny(`expression '${validation.expression}' resulted in error: ${textOfError(error)}`);
    }
  }
  const annotations: Record<string, string> = {};
  const annotationBudget = { remaining: policyCostMax };
  for (const { key, valueExpression } of spec.auditAnnotations ?? []) {
    try {
      const program = programs.of(valueExpression, ['string', 'null_type']);
      const value = program.evaluate(variables, annotationBudget);
      if (annotationBudget.remaining < 0) throw new OutOfBudget(outOfBudget);
      if (typeof value === 'string' && value.trim() !== '') annotations[key] = value.trim();
    } catch (error) {
      deny(textOfError(error));
    }
  }
  return { denials, annotations };
}

/** Nothing more is evaluated. */
class OutOfBudget extends Error {}

/** Each is evaluated when it is first used, at most once; later ones may use earlier ones. */
export function lazyVariables(
  { variables = [] }: Pick<ValidatingAdmissionPolicySpec, 'variables'>,
  request: Variables,
  programs: Programs,
  budget: CostBudget,
): object {
  const lazy: object = {};
  for (const { name, expression } of variables) {
    let evaluated: { readonly value: unknown } | undefined;
    Object.defineProperty(lazy, name, {
      enumerable: true,
      get() {
        evaluated ??= {
          value: evaluateVariable(name, () =>
            programs.of(expression, undefined).evaluate({ ...request, variables: lazy }, budget),
          ),
        };
        return evaluated.value;
      },
    });
  }
  return lazy;
}

function evaluateVariable(name: string, evaluate: () => unknown): unknown {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${error.message}`);
  }
}

function messageOf(
  { message = '', messageExpression, expression }: Validation,
  variables: Variables,
  programs: Programs,
  budget: CostBudget,
): string {
  const fallback = message.trim() || `failed expression: ${expression.trim()}`;
  if (!messageExpression) return fallback;
  try {
    const text = programs.of(messageExpression, ['string']).evaluate(variables, budget);
    if (budget.remaining < 0) throw new OutOfBudget(outOfBudget);
    const usable =
      typeof text === 'string' && text.trim() !== '' && !text.includes('\n') && text.length <= messageBytesMax;
    return usable ? text.trim() : fallback;
  } catch (error) {
    if (error instanceof OutOfBudget) throw error;
    return fallback;
  }
}
