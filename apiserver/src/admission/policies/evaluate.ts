import { CelError, type CostBudget } from '@coracle/apimachinery/cel';
import { textOfError } from '@coracle/apimachinery/errors';
import type { Validation, ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import { PendingDecision } from '../cel/asked-authorizer.ts';
import { evaluateConditions, outOfBudget } from '../cel/match-conditions.ts';
import { type Programs, policyPrograms } from '../cel/policy-programs.ts';

/** What a policy has against a write. */
export interface Denial {
  readonly message: string;
  /** Empty: Invalid. */
  readonly reason: string;
  /** Which of the policy's validations it comes from. */
  readonly expressionIndex: number;
}

export interface Evaluation {
  readonly denials: readonly Denial[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Annotations without a value, where the failure policy does not pass over them: they refuse, whatever the binding wants. */
  readonly annotationErrors: readonly string[];
}

type Variables = Readonly<Record<string, unknown>>;

const messageBytesMax = 5 * 1024;
/** What all validations of one policy may cost together on one write with one parameter. */
export const policyCostMax = 10_000_000;
const nothing: Evaluation = { denials: [], annotations: {}, annotationErrors: [] };

/**
 * One policy on one write with one parameter (k8s.io/apiserver pkg/admission/plugin/policy/validating/validator.go). Throws
 * PendingDecision, for `whenDecided`.
 */
export function evaluatePolicy(spec: ValidatingAdmissionPolicySpec, request: Variables): Evaluation {
  const fails = spec.failurePolicy !== 'Ignore';
  const failed = (message: string): Evaluation =>
    fails ? { ...nothing, denials: [{ message, reason: '', expressionIndex: 0 }] } : nothing;
  const conditions = evaluateConditions(spec.matchConditions ?? [], request);
  if (conditions.type === 'no') return nothing;
  if (conditions.type === 'error') return failed(conditions.message);
  const programs = policyPrograms(spec);
  const budget = { remaining: policyCostMax };
  const variables = { ...request, variables: lazyVariables(spec, request, programs, budget) };
  const denials: Denial[] = [];
  for (const [expressionIndex, validation] of (spec.validations ?? []).entries()) {
    try {
      const holds = programs.of(validation.expression, ['bool']).evaluate(variables, budget);
      if (budget.remaining < 0) throw new OutOfBudget(outOfBudget);
      if (holds === true) continue;
      const message = messageOf(validation, variables, programs, budget);
      denials.push({ message, reason: validation.reason ?? '', expressionIndex });
    } catch (error) {
      if (error instanceof PendingDecision) throw error;
      if (error instanceof OutOfBudget || budget.remaining < 0) return failed(outOfBudget);
      const message = `expression '${validation.expression}' resulted in error: ${textOfError(error)}`;
      if (fails) denials.push({ message, reason: '', expressionIndex });
    }
  }
  const { annotations, errors } = evaluateAnnotations(spec, variables, programs);
  return { denials, annotations, annotationErrors: fails ? errors : [] };
}

function evaluateAnnotations(
  { auditAnnotations = [] }: ValidatingAdmissionPolicySpec,
  variables: Variables,
  programs: Programs,
): { annotations: Record<string, string>; errors: string[] } {
  const annotations: Record<string, string> = {};
  const errors: string[] = [];
  const budget = { remaining: policyCostMax };
  for (const { key, valueExpression } of auditAnnotations) {
    try {
      const value = programs.of(valueExpression, ['string', 'null_type']).evaluate(variables, budget);
      if (budget.remaining < 0) throw new OutOfBudget(outOfBudget);
      if (typeof value === 'string' && value.trim() !== '') annotations[key] = cut(value.trim());
    } catch (error) {
      if (error instanceof PendingDecision) throw error;
      errors.push(`expression '${valueExpression}' resulted in error: ${textOfError(error)}`);
    }
  }
  return { annotations, errors };
}

const annotationBytesMax = 10 * 1024;

const cut = (value: string) =>
  Buffer.byteLength(value) <= annotationBytesMax ? value : Buffer.from(value).toString('utf8', 0, annotationBytesMax);

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
    if (error instanceof OutOfBudget || error instanceof PendingDecision) throw error;
    return fallback;
  }
}
