import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import { pathSegmentName, validateLabelSelector } from '@coracle/apimachinery/validation';

/** What webhooks and policies have in common: which requests they are about (pkg/apis/admissionregistration/validation). */

export const failurePolicies = ['Fail', 'Ignore'];
export const matchPolicies = ['Equivalent', 'Exact'];
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

export function setRuleDefaults(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*';
}

export function setMatchDefaults(resources: MatchResources | undefined): void {
  if (resources === undefined) return;
  resources.matchPolicy ??= 'Equivalent';
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  setRuleDefaults(resources.resourceRules);
  setRuleDefaults(resources.excludeResourceRules);
}

export function validateMatchResources(resources: MatchResources | undefined, path: string): FieldError[] {
  if (resources === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector } = resources;
  const errors: FieldError[] = [];
  if (matchPolicy === undefined) errors.push(field.required(`${path}.matchPolicy`));
  else if (!matchPolicies.includes(matchPolicy)) {
    errors.push(field.notSupported(`${path}.matchPolicy`, matchPolicy, matchPolicies));
  }
  if (namespaceSelector === undefined) errors.push(field.required(`${path}.namespaceSelector`));
  if (objectSelector === undefined) errors.push(field.required(`${path}.objectSelector`));
  return [
    ...errors,
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(objectSelector, `${path}.objectSelector`),
    ...validateNamedRules(resources.resourceRules, `${path}.resourceRules`),
    ...validateNamedRules(resources.excludeResourceRules, `${path}.excludeResourceRules`),
  ];
}

function validateNamedRules(rules: readonly NamedRuleWithOperations[] | undefined, path: string): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => {
    const at = `${path}[${index}]`;
    const names = rule.resourceNames ?? [];
    const errors = names.flatMap((name, position) => {
      const where = `${at}.resourceNames[${position}]`;
      const problems = pathSegmentName(name).map((text) => field.invalid(where, name, text));
      return names.indexOf(name) < position ? [...problems, field.duplicate(where, name)] : problems;
    });
    return [...errors, ...validateRule(rule, at)];
  });
}

export function validateRules(rules: readonly RuleWithOperations[] | undefined, path: string): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, `${path}[${index}]`));
}

/** A list that is not empty and where `*` stands alone. */
function validateList(list: readonly string[], path: string, what: string): FieldError[] {
  if (list.length === 0) return [field.required(path)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [field.invalid(path, list, `if '*' is present, must not specify other ${what}`)];
}

function validateRule(rule: RuleWithOperations, path: string): FieldError[] {
  const { apiVersions = [], scope } = rule;
  const asked = rule.operations ?? [];
  const errors = validateList(asked, `${path}.operations`, 'operations');
  for (const [index, operation] of asked.entries()) {
    if (!operations.includes(operation)) {
      errors.push(field.notSupported(`${path}.operations[${index}]`, operation, operations));
    }
  }
  errors.push(...validateList(rule.apiGroups ?? [], `${path}.apiGroups`, 'API groups'));
  errors.push(...validateList(apiVersions, `${path}.apiVersions`, 'API versions'));
  for (const [index, version] of apiVersions.entries()) {
    if (version === '') errors.push(field.required(`${path}.apiVersions[${index}]`));
  }
  errors.push(...validateResources(rule.resources ?? [], `${path}.resources`));
  if (scope !== undefined && !scopes.includes(scope)) errors.push(field.notSupported(`${path}.scope`, scope, scopes));
  return errors;
}

/** Resources as `pods`, `pods/status`, `pods/*`, `*`, `*` + `/scale`: none may say again what another one says. */
function validateResources(resources: readonly string[], path: string): FieldError[] {
  if (resources.length === 0) return [field.required(path)];
  const errors: FieldError[] = [];
  const allSubresourcesOf = new Set<string>();
  const onAllResources = new Set<string>();
  for (const [index, text] of resources.entries()) {
    const at = `${path}[${index}]`;
    if (text === '') errors.push(field.required(at));
    const slash = text.indexOf('/');
    if (slash < 0) continue;
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    const covered = (by: string) => field.invalid(at, text, `if '${by}' is present, must not specify ${text}`);
    if (allSubresourcesOf.has(resource)) errors.push(covered(`${resource}/*`));
    if (onAllResources.has(subresource)) errors.push(covered(`*/${subresource}`));
    if (subresource === '*') allSubresourcesOf.add(resource);
    if (resource === '*') onAllResources.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(field.invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  const plain = resources.filter((text) => text !== '' && !text.includes('/'));
  if (plain.includes('*') && plain.at(-1) !== '*') {
    const text = "if '*' is present, must not specify other resources without subresources";
    errors.push(field.invalid(path, resources, text));
  }
  return errors;
}
