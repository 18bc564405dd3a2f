import type { CallExpression, Expression, ListExpression, MapEntry, MapExpression } from './ast.ts';
import { CelError } from './cel-error.ts';
import type { Checked } from './check.ts';
import type { Issue } from './issues.ts';
import type { RegexCompiler } from './regex.ts';
import { CelDuration, CelTimestamp } from './time.ts';
import { formatIssues } from './validate-format.ts';
import { dynType, formatType, sameType, type Type, withoutOptional } from './types.ts';

/** Literals that a function cannot take, and lists of several types, are found once types are right (cel-go cel/validator.go). */
export function literalIssues({ expression, types }: Checked, regex: RegexCompiler): Issue[] {
  const issues: Issue[] = [];
  const typeOf = (each: Expression) => types.get(each.id) ?? dynType;
  visit(expression, (each, within) => {
    if (each.type === 'call') issues.push(...argumentIssues(each, regex), ...formatIssues(each, typeOf));
    if (within.has('format')) return;
    if (each.type === 'list') issues.push(...listIssues(each, typeOf));
    if (each.type === 'map') issues.push(...mapIssues(each, typeOf));
  });
  return issues;
}

function argumentIssues({ name, args: [literal] }: CallExpression, regex: RegexCompiler): Issue[] {
  const attempt = attempts[name];
  if (attempt === undefined || literal?.type !== 'literal' || literal.value.kind !== 'string') return [];
  const text = literal.value.value;
  if (!fails(() => attempt(text, regex))) return [];
  return [{ offset: literal.offset, message: `invalid ${name} argument` }];
}

function listIssues({ elements, optional }: ListExpression, typeOf: (each: Expression) => Type): Issue[] {
  let first: Type | undefined;
  for (const [index, element] of elements.entries()) {
    const type = optional.has(index) ? withoutOptional(typeOf(element)) : typeOf(element);
    first ??= type;
    if (!sameType(first, type)) return [mismatch(element, first, type)];
  }
  return [];
}

function mapIssues({ entries: [first, ...rest] }: MapExpression, typeOf: (each: Expression) => Type): Issue[] {
  if (first === undefined) return [];
  const typesOf = ({ key, value, optional }: MapEntry): [Type, Type] => [
    typeOf(key),
    optional ? withoutOptional(typeOf(value)) : typeOf(value),
  ];
  const [keyType, valueType] = typesOf(first);
  return rest.flatMap((entry) => {
    const [key, value] = typesOf(entry);
    const issues: Issue[] = [];
    if (!sameType(keyType, key)) issues.push(mismatch(entry.key, keyType, key));
    if (!sameType(valueType, value)) issues.push(mismatch(entry.value, valueType, value));
    return issues;
  });
}

const mismatch = ({ offset }: Expression, expected: Type, found: Type): Issue => ({
  offset,
  message: `expected type '${formatType(expected)}' but found '${formatType(found)}'`,
});

const attempts: Readonly<Record<string, (text: string, regex: RegexCompiler) => unknown>> = {
  duration: (text) => CelDuration.parse(text),
  timestamp: (text) => CelTimestamp.parse(text),
  matches: (text, regex) => regex(text),
};

function fails(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    if (error instanceof CelError) return true;
    throw error;
  }
}

/** Every part of an expression, with the functions of whose calls it is a part. */
function visit(
  expression: Expression,
  each: (part: Expression, within: ReadonlySet<string>) => void,
  within: ReadonlySet<string> = new Set(),
): void {
  each(expression, within);
  const inner = expression.type === 'call' ? new Set([...within, expression.name]) : within;
  for (const child of childrenOf(expression)) visit(child, each, inner);
}

export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case 'select':
      return [expression.operand];
    case 'call':
      return expression.target === undefined ? expression.args : [expression.target, ...expression.args];
    case 'list':
      return expression.elements;
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expression.fields.map(({ value }) => value);
    case 'comprehension': {
      const { range, init, condition, step, result } = expression;
      return [range, init, condition, step, result];
    }
    default:
      return [];
  }
}
