/** Expressions of admission: what they may use, and whether they are any. */
export { attemptExpression, checkExpression, type Results, textsIn } from './check-expression.ts';
export type { ExpressionContext } from './environments.ts';
export { compileRegex } from './regex.ts';
export { variableTypes } from './policy-programs.ts';
export { escapeProperty } from './property-names.ts';
