import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from '@coracle/apimachinery/types/core-v1';
import type { LabelSelector } from '@coracle/apimachinery/types/meta-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  qualifiedName,
  validateLabelSelector,
} from '@coracle/apimachinery/validation';
import { formatErrors, optionErrors } from '../../shared/field-rules.ts';
import { Unique } from './rules.ts';

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function tolerationErrors(tolerations: readonly Toleration[] | undefined, path: string): FieldError[] {
  return (tolerations ?? []).flatMap(
    ({ key = '', operator = '', value = '', effect = '', tolerationSeconds }, index) => {
      const at = `${path}[${index}]`;
      const errors = key === '' ? [] : formatErrors(qualifiedName, key, `${at}.key`);
      if (key === '' && operator !== 'Exists') {
        const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
        errors.push(field.invalid(`${at}.operator`, operator, text));
      }
      if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
        errors.push(
          field.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
        );
      }
      if (operator === 'Exists') {
        if (value !== '')
          errors.push(field.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
      } else if (operator === 'Equal' || operator === '') {
        const findings = labelValue(value);
        if (findings.length > 0) errors.push(field.invalid(`${at}.operator`, value, findings.join(';')));
      } else {
        const comparison = operator === 'Lt' || operator === 'Gt' ? ['Lt', 'Gt'] : [];
        errors.push(field.notSupported(`${at}.operator`, operator, ['Equal', 'Exists', ...comparison]));
      }
      if (effect !== '' && !taintEffects.includes(effect))
        errors.push(field.notSupported(`${at}.effect`, effect, taintEffects));
      return errors;
    },
  );
}

export function affinityErrors(affinity: Affinity | undefined, path: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const errors: FieldError[] = [];
  const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required) {
    const at = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    errors.push(...nodeSelectorErrors(required.nodeSelectorTerms, at));
  }
  for (const [index, { weight, preference }] of (
    nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  ).entries()) {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    errors.push(...weightErrors(weight, at), ...nodeTermErrors(preference, false, `${at}.preference`));
  }
  errors.push(...podAffinityErrors(podAffinity, `${path}.podAffinity`));
  return [...errors, ...podAffinityErrors(podAntiAffinity, `${path}.podAntiAffinity`)];
}

/** At least one term; values of required terms must be label values. */
export function nodeSelectorErrors(terms: readonly NodeSelectorTerm[] | undefined, path: string): FieldError[] {
  if (!terms?.length) return [field.required(path, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => nodeTermErrors(term, true, `${path}[${index}]`));
}

function weightErrors(weight: number, path: string): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [field.invalid(`${path}.weight`, weight, 'must be in the range 1-100')];
}

function nodeTermErrors(
  { matchExpressions, matchFields }: NodeSelectorTerm,
  strict: boolean,
  path: string,
): FieldError[] {
  return [
    ...(matchExpressions ?? []).flatMap((item, index) =>
      nodeRequirementErrors(item, strict, `${path}.matchExpressions[${index}]`),
    ),
    ...(matchFields ?? []).flatMap((item, index) => nodeFieldErrors(item, `${path}.matchFields[${index}]`)),
  ];
}

function nodeRequirementErrors(
  { key, operator, values = [] }: NodeSelectorRequirement,
  strict: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = `${path}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(field.required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(field.forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(field.required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else {
    errors.push(field.invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  }
  errors.push(...formatErrors(qualifiedName, key, `${path}.key`));
  if (strict) errors.push(...values.flatMap((value, index) => formatErrors(labelValue, value, `${at}[${index}]`)));
  return errors;
}

function nodeFieldErrors({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(field.invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(field.required(`${path}.values`, text));
  }
  if (key !== 'metadata.name') return [...errors, field.invalid(`${path}.key`, key, 'not a valid field selector key')];
  return [
    ...errors,
    ...values.flatMap((value, index) => formatErrors(dns1123Subdomain, value, `${path}.values[${index}]`)),
  ];
}

function podAffinityErrors(affinity: PodAffinity | undefined, path: string): FieldError[] {
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...required.flatMap((term, index) =>
      podTermErrors(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
    ),
    ...preferred.flatMap(({ weight, podAffinityTerm }, index) => {
      const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [...weightErrors(weight, at), ...podTermErrors(podAffinityTerm, `${at}.podAffinityTerm`)];
    }),
  ];
}

function podTermErrors(term: PodAffinityTerm, path: string): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces, topologyKey } = term;
  const errors: FieldError[] = [];
  if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  if (namespaceSelector) errors.push(...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`));
  for (const name of namespaces ?? []) errors.push(...formatErrors(dns1123Label, name, `${path}.namespace`));
  errors.push(...labelKeyErrors(term, path));
  if (!topologyKey) errors.push(field.required(`${path}.topologyKey`, 'can not be empty'));
  return [...errors, ...formatErrors(qualifiedName, topologyKey ?? '', `${path}.topologyKey`)];
}

interface LabelKeys {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** Keys that are turned into selector requirements: a selector is needed, and each key stands in one list only. */
function labelKeyErrors(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: LabelKeys,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const keys = [['matchLabelKeys', matchLabelKeys] as const, ['mismatchLabelKeys', mismatchLabelKeys] as const];
  for (const [name, list] of keys) {
    if (list.length > 0 && !labelSelector) {
      errors.push(field.forbidden(`${path}.${name}`, 'must not be specified when labelSelector is not set'));
      continue;
    }
    for (const [index, key] of list.entries())
      errors.push(...formatErrors(qualifiedName, key, `${path}.${name}[${index}]`));
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue;
    errors.push(
      field.invalid(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
    );
  }
  return errors;
}

export function spreadErrors(constraints: readonly TopologySpreadConstraint[] | undefined, path: string): FieldError[] {
  const all = constraints ?? [];
  return all.flatMap((constraint, index) => {
    const at = `${path}[${index}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint;
    const errors = maxSkew > 0 ? [] : [field.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero')];
    if (!topologyKey) errors.push(field.required(`${at}.topologyKey`, 'can not be empty'));
    errors.push(...optionErrors(whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], `${at}.whenUnsatisfiable`));
    const repeated = all
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (repeated)
      errors.push(field.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
    if (minDomains !== undefined) errors.push(...minDomainsErrors(minDomains, whenUnsatisfiable, `${at}.minDomains`));
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      errors.push(...optionErrors(constraint[name], ['Honor', 'Ignore'], `${at}.${name}`));
    }
    errors.push(...labelKeyErrors(constraint, at));
    if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`));
    return errors;
  });
}

function minDomainsErrors(minDomains: number, action: string, path: string): FieldError[] {
  const errors = minDomains > 0 ? [] : [field.invalid(path, minDomains, 'must be greater than zero')];
  if (action === 'DoNotSchedule') return errors;
  const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
  return [...errors, field.invalid(path, minDomains, text)];
}

export function gateErrors({ readinessGates, schedulingGates }: PodSpec, path: string): FieldError[] {
  const names = new Unique();
  return [
    ...(readinessGates ?? []).flatMap(({ conditionType }, index) =>
      formatErrors(qualifiedName, conditionType, `${path}.readinessGates[${index}].conditionType`),
    ),
    ...(schedulingGates ?? []).flatMap(({ name }, index) => {
      const at = `${path}.schedulingGates[${index}]`;
      return [...formatErrors(qualifiedName, name, at), ...names.errors(name, at)];
    }),
  ];
}
