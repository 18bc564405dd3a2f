import { CelError, type CelProgram, dynType, type Type, type ExpressionContext } from '@coracle/apimachinery/cel';
import type { Variable } from '@coracle/apimachinery/types/admissionregistration-v1';
import { attemptExpression, type Results } from './check-expression.ts';

const programsMax = 4096;

/** Expressions of a policy or webhook made ready, each when it is first asked for. */
export class Programs {
  readonly #context: ExpressionContext;
  readonly #made = new Map<string, CelProgram | CelError>();

  constructor(context: ExpressionContext) {
    this.#context = context;
  }

  /** Throws CelError for an expression that is none. */
  of(expression: string, results: Results): CelProgram {
    const key = `${results?.join(' ') ?? ''}\n${expression}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      if (this.#made.size >= programsMax) this.#made.clear();
      const found = attemptExpression(expression, this.#context, results, true);
      made = typeof found === 'string' ? new CelError(`compilation error: ${found}`) : found;
      this.#made.set(key, made);
    }
    if (made instanceof CelError) throw made;
    return made;
  }
}

/** Types of a policy's variables; each may use those before it. One without an expression is none. */
export function variableTypes(
  variables: readonly Variable[],
  context: ExpressionContext,
  isStored: (expression: string) => boolean = () => true,
): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>();
  for (const { name, expression } of variables) {
    if (expression.trim() === '') continue;
    const found = attemptExpression(
      expression,
      { ...context, variables: new Map(types) },
      undefined,
      isStored(expression),
    );
    types.set(name, typeof found === 'string' ? dynType : found.type);
  }
  return types;
}

const ofPolicies = new WeakMap<object, Programs>();

/** The programs of a policy's spec, kept as long as that is. */
export function policyPrograms(spec: { readonly variables?: readonly Variable[] }, patches = false): Programs {
  let programs = ofPolicies.get(spec);
  if (programs === undefined) {
    const context = { params: true, authorizer: true };
    const variables = variableTypes(spec.variables ?? [], context);
    programs = new Programs({ ...context, patches, variables });
    ofPolicies.set(spec, programs);
  }
  return programs;
}

/** Conditions of webhooks and policies see no variables of a policy. */
export const conditionPrograms = new Programs({ params: true, authorizer: true });
