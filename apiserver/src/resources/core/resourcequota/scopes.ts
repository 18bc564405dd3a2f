import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ResourceQuotaSpec } from '@coracle/apimachinery/types/core-v1';
import { quotaResourceNameErrors } from '../../shared/quantities.ts';

const computeResources = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const podResources = new Set(['pods', ...computeResources]);
const claimResources = new Set(['persistentvolumeclaims', 'requests.storage']);

/** Resources that a quota of each scope may speak of. */
const scopes: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['Terminating', podResources],
  ['NotTerminating', podResources],
  ['BestEffort', new Set(['pods'])],
  ['NotBestEffort', podResources],
  ['PriorityClass', podResources],
  ['CrossNamespacePodAffinity', podResources],
  ['VolumeAttributesClass', claimResources],
]);

/** Scopes that a selector can only ask to exist. */
const bareScopes = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]);
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** pkg/apis/core/validation validateResourceQuotaScopes and validateScopeSelector. */
export function scopeErrors(spec: ResourceQuotaSpec): FieldError[] {
  const errors: FieldError[] = [];
  const hard = Object.keys(spec.hard ?? {}).sort();
  const path = 'spec.scopes';
  const given = spec.scopes ?? [];
  for (const scope of given) {
    if (!scopes.has(scope)) errors.push(field.invalid(path, given, 'unsupported scope'));
    for (const name of hard) {
      if (!isValidFor(scope, name)) errors.push(field.invalid(path, given, 'unsupported scope applied to resource'));
    }
  }
  errors.push(...conflicts(given, path, given));
  return [...errors, ...selectorErrors(spec, hard)];
}

function isValidFor(scope: string, name: string): boolean {
  const standard = quotaResourceNameErrors(name, '').length === 0 && !name.includes('/');
  return !standard || (scopes.get(scope)?.has(name) ?? true);
}

function conflicts(names: readonly string[], path: string, value: readonly string[] | null): FieldError[] {
  return opposites.flatMap((pair) =>
    pair.every((name) => names.includes(name)) ? [field.invalid(path, value, 'conflicting scopes')] : [],
  );
}

function selectorErrors(spec: ResourceQuotaSpec, hard: readonly string[]): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions';
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  const errors: FieldError[] = [];
  for (const { scopeName, operator, values = [] } of expressions) {
    if (!scopes.has(scopeName)) errors.push(field.invalid(`${path}.scopeName`, scopeName, 'unsupported scope'));
    for (const name of hard) {
      if (!isValidFor(scopeName, name))
        errors.push(field.invalid(path, spec.scopeSelector, 'unsupported scope applied to resource'));
    }
    if (bareScopes.has(scopeName) && operator !== 'Exists') {
      const text =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
        'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
      errors.push(field.invalid(`${path}.operator`, operator, text));
    }
    if (operator === 'In' || operator === 'NotIn') {
      const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      if (values.length === 0) errors.push(field.required(`${path}.values`, text));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      if (values.length > 0) errors.push(field.invalid(`${path}.values`, values, text));
    } else {
      errors.push(field.invalid(`${path}.operator`, operator, 'not a valid selector operator'));
    }
  }
  const names = expressions.map(({ scopeName }) => scopeName);
  return [...errors, ...conflicts(names, path, spec.scopes ?? null)];
}
