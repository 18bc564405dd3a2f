/** Expressions of admission: what they may use, and whether they are any. */
export { checkExpression } from './check-expression.ts';
export { compileRegex } from './regex.ts';
