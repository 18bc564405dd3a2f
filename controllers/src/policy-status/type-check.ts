import {
  admissionVariables,
  CelError,
  type CelProgram,
  CelProgramError,
  compile,
  dynType,
  type ExpressionContext,
  type RegexCompiler,
  type Type,
} from '@coracle/apimachinery/cel';
import type { GroupVersionKind } from '@coracle/apimachinery/schema';
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
} from '@coracle/apimachinery/types/admissionregistration-v1';

/** A kind that a policy judges, and what is known of its objects. */
export interface CheckedKind {
  readonly kind: GroupVersionKind;
  readonly type: Type;
}

/** Patterns were looked at when the policy was written; nothing is matched here. */
const noRegex: RegexCompiler = () => ({ test: () => false, find: () => undefined, findAll: () => [] });

/**
 * What is wrong with the expressions of a policy on objects of the kinds that it judges (k8s.io/apiserver
 * pkg/admission/plugin/policy/validating/typechecking.go). `params`: undefined where nothing is known of them.
 */
export function expressionWarnings(
  { spec = {} }: ValidatingAdmissionPolicy,
  kinds: readonly CheckedKind[],
  params: Type | undefined,
): ExpressionWarning[] {
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string) => {
    const found = kinds.flatMap((each) => warningOf(expression, spec, each, params) ?? []);
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') });
  };
  for (const [index, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression);
    if (messageExpression) check(`spec.validations[${index}].messageExpression`, messageExpression);
  }
  return warnings;
}

function warningOf(
  expression: string,
  { paramKind, variables = [] }: ValidatingAdmissionPolicySpec,
  { kind, type }: CheckedKind,
  params: Type | undefined,
): string | undefined {
  const context: ExpressionContext = {
    params: paramKind !== undefined,
    authorizer: true,
    objectType: type,
    ...(params === undefined ? {} : { paramsType: params }),
  };
  const types = new Map<string, Type>();
  for (const each of variables) {
    const found = attempt(each.expression, { ...context, variables: new Map(types) });
    types.set(each.name, typeof found === 'string' ? dynType : found);
  }
  const found = attempt(expression, { ...context, variables: types });
  return typeof found === 'string' ? `${kind.group}/${kind.version}, Kind=${kind.kind}: ${found}\n` : undefined;
}

/** The type of an expression, or what is wrong with it. */
function attempt(expression: string, context: ExpressionContext): Type | string {
  let program: CelProgram;
  try {
    program = compile(expression, { variables: admissionVariables(context), regex: noRegex, stored: true });
  } catch (error) {
    if (error instanceof CelProgramError) return error.type;
    if (error instanceof CelError) return error.message;
    throw error;
  }
  return program.type;
}
