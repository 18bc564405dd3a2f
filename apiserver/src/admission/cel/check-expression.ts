import { compile } from '@coracle/apimachinery/cel';
import { type FieldError, field, textOfError } from '@coracle/apimachinery/errors';
import { compileRegex } from './regex.ts';

/** Variables that the expressions of webhooks see; policies see more. */
const webhookVariables = ['object', 'oldObject', 'request', 'authorizer'];
const policyVariables = [...webhookVariables, 'params', 'namespaceObject', 'variables'];

/** What is wrong with an expression before anything is known to evaluate it on; an empty one is somebody else's finding. */
export function checkExpression(expression: string, path: string, where: 'webhook' | 'policy'): FieldError[] {
  if (expression.trim() === '') return [];
  const names = where === 'webhook' ? webhookVariables : policyVariables;
  try {
    compile(expression, { variables: Object.fromEntries(names.map((name) => [name, undefined])), regex: compileRegex });
    return [];
  } catch (error) {
    return [field.invalid(path, expression, `compilation failed: ${textOfError(error)}`)];
  }
}
