import { admissionVariables, type CelEnvironment, type ExpressionContext } from '@coracle/apimachinery/cel';
import { patchStructs } from './patch-types.ts';
import { compileRegex } from './regex.ts';

/** `stored`: the expression was accepted before. */
export function admissionEnvironment(context: ExpressionContext, stored: boolean): CelEnvironment {
  return {
    variables: admissionVariables(context),
    ...(context.patches === true ? { structs: patchStructs } : {}),
    regex: compileRegex,
    stored,
  };
}
