import {
  type CelEnvironment,
  CelError,
  type CelProgram,
  CelProgramError,
  compile,
  type Type,
  typeText,
  type ExpressionContext,
} from '@coracle/apimachinery/cel';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import { admissionEnvironment } from './environments.ts';

/** What an expression may give, as types print themselves; undefined for anything. */
export type Results = readonly string[] | undefined;

/** What is wrong with an expression before anything is known to evaluate it on; an empty one is somebody else's finding. */
export function checkExpression(
  expression: string,
  path: string,
  context: ExpressionContext,
  results: Results,
  stored: ReadonlySet<string> = new Set(),
): FieldError[] {
  if (expression.trim() === '') return [];
  const found = attemptExpression(expression, context, results, stored.has(expression));
  if (typeof found !== 'string') return [];
  if (found.startsWith('program instantiation failed')) return [field.internal(path, found)];
  return [field.invalid(path, expression, found)];
}

/** A program, or what is wrong with the expression. */
export function attemptExpression(
  expression: string,
  context: ExpressionContext,
  results: Results,
  stored: boolean,
): CelProgram | string {
  return compileWithResult(expression, admissionEnvironment(context, stored), results);
}

/** The same for expressions of other places, which see other things. */
export function compileWithResult(
  expression: string,
  environment: CelEnvironment,
  results: Results,
): CelProgram | string {
  try {
    const program = compile(expression, environment);
    return wrongResult(program.type, results) ?? program;
  } catch (error) {
    if (error instanceof CelProgramError) {
      return wrongResult(error.type, results) ?? `program instantiation failed: ${error.message}`;
    }
    if (error instanceof CelError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

function wrongResult(type: Type, results: Results): string | undefined {
  const given = typeText(type);
  if (results === undefined || results.includes(given)) return undefined;
  const wanted = results.length === 1 ? results[0] : `one of [${results.join(' ')}]`;
  return `must evaluate to ${wanted} but got ${given}`;
}

/** Every text in an object: expressions that it holds were accepted before. */
export function textsIn(value: unknown, into: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof value === 'string') into.add(value);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) textsIn(each, into);
  return into;
}
