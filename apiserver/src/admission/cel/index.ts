/** Expressions of admission: what they may use, and whether they are any. */
export { attemptExpression, checkExpression, compileWithResult, type Results, textsIn } from './check-expression.ts';
export type { ConditionsVerdict } from './match-conditions.ts';
export { compileRegex } from './regex.ts';
export { variableTypes } from './policy-programs.ts';
