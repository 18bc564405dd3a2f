import type { Expression } from './ast.ts';
import { CelError, CelProgramError } from './cel-error.ts';
import { check, type Checked } from './check.ts';
import { type CelEnvironment, perCallCostMax } from './environment.ts';
import { issuesError } from './issues.ts';
import { parse } from './parse.ts';
import { type Node, plan } from './program.ts';
import type { Type } from './types.ts';
import { childrenOf, literalIssues } from './validate-literals.ts';
import type { CelValue } from './values.ts';

export interface CelProgram {
  /** Of its value. */
  readonly type: Type;
  readonly checked: Checked;
  /**
   * Throws CelError where the expression has no value, CelCostError where it costs more than it may. Variables are plain
   * JSON or values.
   */
  evaluate(variables: Readonly<Record<string, unknown>>, budget?: CostBudget): CelValue;
  /** Whether it uses a variable. */
  uses(variable: string): boolean;
  /** Whether it says `variable.field`, `variable.?field` or `has(variable.field)` anywhere. */
  selects(variable: string, field: string): boolean;
}

/** What several evaluations may cost together; each takes its cost out of it. */
export interface CostBudget {
  remaining: number;
}

/** Reads, checks and makes ready an expression. Throws CelProgramError or CelError whose message shows each place, as cel-go prints it. */
export function compile(source: string, environment: CelEnvironment): CelProgram {
  const checked = check(source, parse(source, environment.bindings), environment);
  const issues = literalIssues(checked, environment.regex);
  if (issues.length > 0) throw issuesError(source, issues);
  const node = planned(checked, environment);
  const costMax = environment.costMax ?? perCallCostMax;
  const names = new Set<string>();
  collectNames(checked.expression, names);
  return {
    type: checked.type,
    checked,
    uses: (variable) => names.has(variable),
    selects: (variable, field) => selectsField(checked.expression, variable, field),
    evaluate(variables, budget) {
      const spent = { cost: 0, costMax };
      try {
        return node.evaluate({ variables, locals: undefined, budget: spent });
      } catch (error) {
        if (error instanceof RangeError) throw new CelError('stack exhausted');
        throw error;
      } finally {
        if (budget !== undefined) budget.remaining -= spent.cost;
      }
    },
  };
}

/** Throws CelProgramError where what is computed beforehand has no value. */
function planned(checked: Checked, environment: CelEnvironment): Node {
  try {
    return plan(checked, environment);
  } catch (error) {
    throw error instanceof CelError ? new CelProgramError(error.message, checked.type) : error;
  }
}

function collectNames(expression: Expression, into: Set<string>): void {
  if (expression.type === 'identifier') into.add(expression.name);
  for (const child of childrenOf(expression)) collectNames(child, into);
}

function selectsField(expression: Expression, variable: string, field: string): boolean {
  const isVariable = (operand: Expression | undefined) => operand?.type === 'identifier' && operand.name === variable;
  if (expression.type === 'select' && expression.field === field && isVariable(expression.operand)) return true;
  if (expression.type === 'call' && expression.name === '_?._') {
    const [operand, name] = expression.args;
    if (isVariable(operand) && name?.type === 'literal' && name.value.value === field) return true;
  }
  return childrenOf(expression).some((child) => selectsField(child, variable, field));
}
