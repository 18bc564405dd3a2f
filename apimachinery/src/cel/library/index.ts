/** The functions of expressions: CEL's own, cel-go's extensions that Kubernetes enables, and Kubernetes' libraries. */
import { CelError } from '../cel-error.ts';
import { negate, applyBinary } from '../operators.ts';
import type { RegexCompiler } from '../regex.ts';
import { CelObject, celTypeOf, type CelValue } from '../values.ts';
import { conversionFunctions } from './conversions.ts';
import type { Functions } from './function.ts';
import { kubernetesFunctions } from './kubernetes.ts';
import { listFunctions } from './lists.ts';
import { optionalFunctions } from './optionals.ts';
import { textFunctions } from './text.ts';

const operators: Functions = {
  ...Object.fromEntries(
    ['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '==', '!='].map((operator) => [
      `_${operator}_`,
      ([left, right]: readonly CelValue[]) => applyBinary(operator, left as CelValue, right as CelValue),
    ]),
  ),
  '@in': ([element, container]) => applyBinary('in', element as CelValue, container as CelValue),
  '-_': ([value]) => negate(value as CelValue),
  '!_': ([value]) => (typeof value === 'boolean' ? !value : undefined),
};

const functions: Functions = {
  ...operators,
  ...conversionFunctions,
  ...listFunctions,
  ...kubernetesFunctions,
  ...optionalFunctions,
};

/** Calls a function; what it is called on comes first. Throws CelError where it has no value for these. */
export function callFunction(name: string, args: readonly CelValue[], regex: RegexCompiler): CelValue {
  const [target] = args;
  let made = typeof target === 'string' ? textFunctions[name]?.(args, regex) : undefined;
  if (made === undefined) made = functions[name]?.(args, regex);
  if (made === undefined && target instanceof CelObject) made = target.call(name, args.slice(1));
  if (made === undefined) throw noOverload(name, args);
  return made;
}

const bare: ReadonlySet<string> = new Set('contains startsWith endsWith matches find findAll'.split(' '));

/** As cel-go words it: by what the operator asks of a type, by name, or by name and types. */
function noOverload(name: string, args: readonly CelValue[]): CelError {
  if (bare.has(name)) return new CelError('no such overload');
  if (name === 'size' || name === 'sort') return new CelError(`no such overload: ${name}`);
  if (Object.hasOwn(operators, name)) return new CelError('no such overload');
  return new CelError(`no such overload: ${name}(${args.map(celTypeOf).join(', ')})`);
}
