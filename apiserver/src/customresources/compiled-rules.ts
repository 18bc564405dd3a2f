import {
  type CelEnvironment,
  CelError,
  type CelProgram,
  CelProgramError,
  compile,
  estimateCost,
  optionalOf,
  type Type,
} from '@coracle/apimachinery/cel';
import type { ValidationRule } from '@coracle/apimachinery/types/apiextensions-v1';
import { compileRegex } from '../admission/cel/index.ts';
import { type DeclaredType, requestBytesMax } from './declared-type.ts';

/** A rule made ready, or what is wrong with it (apiextensions `schema/cel/compilation.go`). */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: CelProgram;
  readonly problem?: string;
  readonly message?: CelProgram;
  readonly messageProblem?: string;
  readonly usesOldSelf: boolean;
  /** What one evaluation of the rule and of its message can cost. */
  readonly costMax: number;
  readonly messageCostMax: number;
}

/** Says which expressions some server stored before: they may use what a new one may not. */
export type WasStored = (expression: string) => boolean;

export function compileRule(rule: ValidationRule, declared: DeclaredType, wasStored: WasStored): CompiledRule {
  const none = { rule, usesOldSelf: false, costMax: 0, messageCostMax: 0 };
  if ((rule.rule ?? '').trim() === '') return none;
  const oldSelf = rule.optionalOldSelf === true ? optionalOf(declared.type) : declared.type;
  const environment = (expression: string): CelEnvironment => ({
    variables: { self: declared.type, oldSelf },
    regex: compileRegex,
    stored: wasStored(expression),
  });
  const program = attempt(rule.rule, environment(rule.rule), 'bool', {
    compilation: 'compilation failed: ',
    instantiation: 'program instantiation failed: ',
    type: 'cel expression must evaluate to a bool',
  });
  if (typeof program === 'string') return { ...none, problem: program };
  const made = { ...none, program, usesOldSelf: program.uses('oldSelf'), costMax: costOf(program, declared) };
  if (!rule.messageExpression) return made;
  const message = attempt(rule.messageExpression, environment(rule.messageExpression), 'string', {
    compilation: 'messageExpression compilation failed: ',
    instantiation: 'messageExpression instantiation failed: ',
    type: 'messageExpression must evaluate to a string',
  });
  if (typeof message === 'string') return { ...made, messageProblem: message };
  return { ...made, message, messageCostMax: costOf(message, declared) };
}

interface Wording {
  readonly compilation: string;
  readonly instantiation: string;
  readonly type: string;
}

/** A program, or why there is none. */
function attempt(source: string, environment: CelEnvironment, kind: string, wording: Wording): CelProgram | string {
  try {
    const program = compile(source, environment);
    return program.type.kind === kind ? program : wording.type;
  } catch (error) {
    if (error instanceof CelProgramError) {
      return error.type.kind === kind ? `${wording.instantiation}${error.message}` : wording.type;
    }
    if (error instanceof CelError) return `${wording.compilation}${error.message}`;
    throw error;
  }
}

function costOf({ checked }: CelProgram, declared: DeclaredType): number {
  const sizeOf = (path: readonly string[] | undefined, _type: Type) => {
    if (path === undefined || path.length === 0) return undefined;
    const found = partAt(declared, path.slice(1));
    return found === undefined ? undefined : { min: 0, max: found };
  };
  return estimateCost(checked, { sizeOf }).max;
}

/** How large what is at a path can be. Keys of maps are texts of which nothing is said. */
function partAt(declared: DeclaredType, path: readonly string[]): number | undefined {
  let at: DeclaredType = declared;
  for (const [index, name] of path.entries()) {
    if (name === '@keys') return at.type.kind === 'map' && index === path.length - 1 ? 0 : undefined;
    const next = name === '@items' || name === '@values' ? at.element : at.fields?.get(name)?.declared;
    if (next === undefined) return undefined;
    at = next;
  }
  return at.elementsMax;
}

/** How often values of a schema can be in one request, where nothing above says so. */
export function cardinalityMax(declared: DeclaredType): number {
  return Math.floor(requestBytesMax / (declared.bytesMin + 1));
}
