import type { ExpressionContext } from '@coracle/apimachinery/cel';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import { groupVersionProblem, parseGroupVersion } from '@coracle/apimachinery/schema';
import type { ParamKind, ParamRef, Variable } from '@coracle/apimachinery/types/admissionregistration-v1';
import {
  dns1035Label,
  dns1123Subdomain,
  kindName,
  pathSegmentName,
  validateLabelSelector,
} from '@coracle/apimachinery/validation';
import { checkExpression, variableTypes } from '../../admission/cel/index.ts';

/** What validating and mutating policies and their bindings have in common. */

export function paramKindText(kind: ParamKind | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion}/${kind.kind}`;
}

export function paramRefText(ref: ParamRef | undefined): string {
  if (ref === undefined) return '<unset>';
  if (ref.name) return `${ref.namespace || '*'}/${ref.name}`;
  return ref.selector === undefined ? '<unset>' : JSON.stringify(ref.selector);
}

export function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, path: string): FieldError[] {
  const errors = validateVersion(apiVersion, `${path}.apiVersion`);
  if (kind === '') return [...errors, field.required(`${path}.kind`)];
  return [...errors, ...kindName(kind).map((text) => field.invalid(`${path}.kind`, kind, text))];
}

function validateVersion(apiVersion: string, path: string): FieldError[] {
  if (apiVersion === '') return [field.required(path)];
  const problem = groupVersionProblem(apiVersion);
  if (problem !== undefined) return [field.invalid(path, apiVersion, problem)];
  const { group, version } = parseGroupVersion(apiVersion);
  const errors: FieldError[] = [];
  const groupProblems = group === '' ? [] : dns1123Subdomain(group);
  if (groupProblems.length > 0) errors.push(field.invalid(path, group, groupProblems.join(',')));
  if (version === '') return [...errors, field.invalid(path, apiVersion, 'version must be specified')];
  const problems = dns1035Label(version);
  return problems.length === 0 ? errors : [...errors, field.invalid(path, version, problems.join(','))];
}

export function validateParamRef(ref: ParamRef | undefined, path: string): FieldError[] {
  if (ref === undefined) return [];
  const { name = '', selector, parameterNotFoundAction: action } = ref;
  const errors = pathSegmentName(name).map((text) => field.invalid(`${path}.name`, name, text));
  const one = (part: string) =>
    name !== '' && selector !== undefined
      ? [field.forbidden(`${path}.${part}`, 'name and selector are mutually exclusive')]
      : [];
  errors.push(...one('name'), ...validateLabelSelector(selector, `${path}.selector`), ...one('selector'));
  if (name === '' && selector === undefined) {
    errors.push(field.required(path, 'one of name or selector must be specified'));
  }
  const at = `${path}.parameterNotFoundAction`;
  if (!action) errors.push(field.required(at));
  else if (!['Deny', 'Allow'].includes(action)) errors.push(field.notSupported(at, action, ['Deny', 'Allow']));
  return errors;
}

/** Each may use those before it. */
export function validateVariables(
  variables: readonly Variable[],
  path: string,
  context: ExpressionContext,
  stored: ReadonlySet<string>,
): FieldError[] {
  return variables.flatMap(({ name = '', expression = '' }, index) => {
    const at = `${path}[${index}]`;
    const earlier = {
      ...context,
      variables: variableTypes(variables.slice(0, index), context, (each) => stored.has(each)),
    };
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(field.required(`${at}.name`, 'name is not specified'));
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name)) {
      errors.push(field.invalid(`${at}.name`, name, 'must be a valid CEL identifier'));
    }
    if (expression.trim() === '') errors.push(field.required(`${at}.expression`, 'expression is not specified'));
    return [...errors, ...checkExpression(expression, `${at}.expression`, earlier, undefined, stored)];
  });
}

export function validatePolicyName(name: string | undefined, path: string): FieldError[] {
  if (!name) return [field.required(path)];
  return dns1123Subdomain(name).map((text) => field.invalid(path, name, text));
}
