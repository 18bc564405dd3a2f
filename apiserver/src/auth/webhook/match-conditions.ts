import {
  boolType,
  type CelEnvironment,
  type CelProgram,
  listOf,
  mapOf,
  recordType,
  stringType,
  stringFields,
} from '@coracle/apimachinery/cel';
import { type FieldError, field, textOfError } from '@coracle/apimachinery/errors';
import type { SubjectAccessReviewSpec } from '@coracle/apimachinery/types/authorization-v1';
import { compileRegex, compileWithResult, type ConditionsVerdict } from '../../admission/cel/index.ts';
import { aggregate } from '../authorization/authorizer-chain.ts';

export interface MatchCondition {
  readonly expression: string;
}

const conditionsMax = 64;

const requirement = recordType('kubernetes.SelectorRequirement', {
  ...stringFields('key', 'operator'),
  values: listOf(stringType),
});
const selector = (name: string) =>
  recordType(`kubernetes.${name}`, { ...stringFields('rawSelector'), requirements: listOf(requirement) });

/** What expressions see (k8s.io/apiserver pkg/authorization/cel/compile.go). */
const environment: CelEnvironment = {
  variables: {
    request: recordType('kubernetes.SubjectAccessReviewSpec', {
      ...stringFields('user', 'uid'),
      groups: listOf(stringType),
      extra: mapOf(stringType, listOf(stringType)),
      nonResourceAttributes: recordType('kubernetes.NonResourceAttributes', stringFields('path', 'verb')),
      resourceAttributes: recordType('kubernetes.ResourceAttributes', {
        ...stringFields('namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'),
        fieldSelector: selector('FieldSelectorAttributes'),
        labelSelector: selector('LabelSelectorAttributes'),
      }),
    }),
  },
  regex: compileRegex,
  stored: true,
};
const results = [boolType.name];

export function checkMatchConditions(conditions: readonly MatchCondition[], path: string): FieldError[] {
  if (conditions.length > conditionsMax) return [field.tooMany(path, conditions.length, conditionsMax)];
  const seen = new Set<string>();
  return conditions.flatMap(({ expression = '' }, index) => {
    const at = `${path}[${index}].expression`;
    if (expression.trim() === '') return [field.required(at)];
    if (seen.has(expression)) return [field.duplicate(at, expression)];
    seen.add(expression);
    const made = compileWithResult(expression, environment, results);
    return typeof made === 'string' ? [field.invalid(at, expression, made)] : [];
  });
}

const yes: ConditionsVerdict = { type: 'yes' };
const no: ConditionsVerdict = { type: 'no' };

/** Conditions that `checkMatchConditions` has nothing against, ready to be asked. */
export class MatchConditions {
  readonly #programs: readonly { readonly expression: string; readonly program: CelProgram }[];

  constructor(conditions: readonly MatchCondition[]) {
    this.#programs = conditions.map(({ expression }) => {
      const program = compileWithResult(expression, environment, results);
      if (typeof program === 'string') throw new Error(program);
      return { expression, program };
    });
  }

  get empty(): boolean {
    return this.#programs.length === 0;
  }

  verdict(spec: SubjectAccessReviewSpec): ConditionsVerdict {
    const variables = { request: shown(spec) };
    const errors: string[] = [];
    for (const { expression, program } of this.#programs) {
      try {
        if (program.evaluate(variables) !== true) return no;
      } catch (error) {
        errors.push(`cel evaluation error: expression '${expression}' resulted in error: ${textOfError(error)}`);
      }
    }
    return errors.length === 0 ? yes : { type: 'error', message: aggregate(errors) };
  }
}

const noResource = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };

/** Texts are there even where they are empty; the two kinds of attributes and the selectors only where there are some. */
function shown(spec: SubjectAccessReviewSpec): object {
  const { user = '', uid = '', groups = [], extra = {}, resourceAttributes, nonResourceAttributes } = spec;
  return {
    user,
    uid,
    groups,
    extra,
    ...(resourceAttributes && { resourceAttributes: { ...noResource, ...resourceAttributes } }),
    ...(nonResourceAttributes && { nonResourceAttributes: { path: '', verb: '', ...nonResourceAttributes } }),
  };
}
