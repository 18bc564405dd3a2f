import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ClusterRole, PolicyRule, Role } from '@coracle/apimachinery/types/rbac-v1';
import { nameIsPathSegment, validateLabelSelector } from '@coracle/apimachinery/validation';
import { checkRoleEscalation } from '../../auth/index.ts';
import { onlyBookkeeping } from '../shared/bookkeeping.ts';
import { parseSelector } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';

export const roleStrategy: Strategy<Role> = {
  resource: { group: 'rbac.authorization.k8s.io', resource: 'roles' },
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  generation: 'none',
  prepareForCreate: (object, context) => checkRoleEscalation(context, object),
  prepareForUpdate: async (object, old, context) => {
    if (!onlyBookkeeping(object, old)) await checkRoleEscalation(context, object, old);
  },
  validate: (object) => validateRules(object.rules ?? [], true),
};

export const clusterRoleStrategy: Strategy<ClusterRole> = {
  resource: { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  generation: 'none',
  prepareForCreate: (object, context) => checkRoleEscalation(context, object),
  prepareForUpdate: async (object, old, context) => {
    if (!onlyBookkeeping(object, old)) await checkRoleEscalation(context, object, old);
  },
  validate: (object) => [...validateRules(object.rules ?? [], false), ...validateAggregation(object)],
};

/** pkg/apis/rbac/validation.ValidatePolicyRule */
function validateRules(rules: readonly PolicyRule[], namespaced: boolean): FieldError[] {
  const without = [...rules.keys()].filter((index) => (rules[index]?.verbs ?? []).length === 0);
  return [
    ...rules.flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`)),
    ...without.map((index) => field.required(`rules[${index}].verbs`)),
  ];
}

function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const { nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const errors: FieldError[] = [];
  if (nonResourceURLs.length > 0) {
    const problem = (text: string) => errors.push(field.invalid(`${path}.nonResourceURLs`, nonResourceURLs, text));
    if (namespaced) problem('namespaced rules cannot apply to non-resource URLs');
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      problem('rules cannot apply to both regular resources and non-resource URLs');
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(field.required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(field.required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    return [field.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, index) => {
    const errors = validateLabelSelector(selector, `${path}[${index}]`);
    if (parseSelector(selector) === undefined) {
      errors.push(field.invalid(`${path}[${index}]`, null, 'invalid label selector.'));
    }
    return errors;
  });
}
