import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { LabelSelector } from '@coracle/apimachinery/selectors';
import type {
  RollingUpdateStatefulSetStrategy,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetSpec,
  StatefulSetStatus,
} from '@coracle/apimachinery/types/apps-v1';
import type { PodTemplateSpec, Volume } from '@coracle/apimachinery/types/core-v1';
import { dns1123Label, validateImmutable, validateNonNegative } from '@coracle/apimachinery/validation';
import { validateCollisionCount, validateCounters, validateNotAbove } from '../../shared/counters.ts';
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from '../../shared/int-or-percent.ts';
import { claimErrors } from '../../core/persistentvolumeclaim/validation.ts';
import {
  parseSelector,
  validateLastingTemplate,
  validatePodTemplate,
  validateRequiredSelector,
  validateTemplateLabels,
} from '../../shared/pod-template.ts';

/** pkg/apis/apps/validation.ValidateStatefulSetSpec; immutable parts are not checked again on updates. */
export function validateStatefulSetSpec(
  spec: StatefulSetSpec,
  old: StatefulSetSpec | undefined,
  path: string,
): FieldError[] {
  const { podManagementPolicy = '', serviceName = '' } = spec;
  const errors: FieldError[] = [];
  if (podManagementPolicy === '') errors.push(field.required(`${path}.podManagementPolicy`));
  else if (!['OrderedReady', 'Parallel'].includes(podManagementPolicy)) {
    const text = "must be 'OrderedReady' or 'Parallel'";
    errors.push(field.invalid(`${path}.podManagementPolicy`, podManagementPolicy, text));
  }
  errors.push(...validateUpdateStrategy(spec, path));
  errors.push(
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy, `${path}.persistentVolumeClaimRetentionPolicy`),
  );
  errors.push(...validateNonNegative(spec.replicas ?? 0, `${path}.replicas`));
  errors.push(...validateNonNegative(spec.minReadySeconds ?? 0, `${path}.minReadySeconds`));
  errors.push(...validateNonNegative(spec.ordinals?.start ?? 0, `${path}.ordinals.start`));
  if (old === undefined) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      errors.push(...claimErrors(claim.spec ?? {}, `${path}.volumeClaimTemplates[${index}].spec`));
    }
  }
  if (old === undefined && serviceName !== '') {
    for (const text of dns1123Label(serviceName)) errors.push(field.invalid(`${path}.serviceName`, serviceName, text));
  }
  errors.push(...validateRequiredSelector(spec.selector, 'statefulset', `${path}.selector`));
  const selector = parseSelector(spec.selector);
  if (selector === undefined) errors.push(field.invalid(`${path}.selector`, spec.selector, ''));
  else errors.push(...validateTemplate(spec, selector, `${path}.template`));
  errors.push(...validateLastingTemplate(spec.template, 'StatefulSet', `${path}.template`));
  return errors;
}

function validateTemplate(spec: StatefulSetSpec, selector: LabelSelector, path: string): FieldError[] {
  const template = asPodsWillBe(spec);
  return [...validateTemplateLabels(template, selector, path), ...validatePodTemplate(template, path)];
}

/** The controller sets host name and subdomain, and adds a volume per claim template. */
function asPodsWillBe({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  if (template.spec === undefined) return template;
  const { hostname: _, subdomain: __, volumes = [], ...rest } = template.spec;
  const claimed = volumeClaimTemplates.map(({ metadata }): Volume => {
    const name = metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const names = new Set(claimed.map(({ name }) => name));
  const others = volumes.filter(({ name }) => !names.has(name));
  return { ...template, spec: { ...rest, volumes: [...claimed, ...others] } };
}

function validateUpdateStrategy({ updateStrategy = {} }: StatefulSetSpec, path: string): FieldError[] {
  const { type = '', rollingUpdate } = updateStrategy;
  switch (type) {
    case '':
      return [field.required(`${path}.updateStrategy`)];
    case 'OnDelete': {
      if (rollingUpdate === undefined) return [];
      const text = "only allowed for updateStrategy 'RollingUpdate'";
      return [field.invalid(`${path}.updateStrategy.rollingUpdate`, rollingUpdate, text)];
    }
    case 'RollingUpdate':
      if (rollingUpdate === undefined) return [];
      return validateRollingUpdate(rollingUpdate, `${path}.updateStrategy.rollingUpdate`);
  }
  return [field.invalid(`${path}.updateStrategy`, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
}

function validateRollingUpdate(rollingUpdate: RollingUpdateStatefulSetStrategy, path: string): FieldError[] {
  const { partition = 0, maxUnavailable } = rollingUpdate;
  const errors = validateNonNegative(partition, `${path}.partition`);
  if (maxUnavailable === undefined) return errors;
  const at = `${path}.maxUnavailable`;
  errors.push(...validateIntOrPercent(maxUnavailable, at));
  if (intOrPercentValue(maxUnavailable) === 0) errors.push(field.invalid(at, maxUnavailable, 'cannot be 0'));
  return [...errors, ...validateAtMost100Percent(maxUnavailable, at)];
}

function validateRetention(
  policy: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined,
  path: string,
): FieldError[] {
  if (policy === undefined) return [];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((name) => {
    const value = policy[name] ?? '';
    return ['Retain', 'Delete'].includes(value)
      ? []
      : [field.notSupported(`${path}.${name}`, value, ['Retain', 'Delete'])];
  });
}

const immutable = ['selector', 'volumeClaimTemplates', 'serviceName', 'podManagementPolicy'] as const;

export function validateStatefulSetUpdate(spec: StatefulSetSpec, old: StatefulSetSpec, path: string): FieldError[] {
  return immutable.flatMap((name) =>
    validateImmutable(spec[name] || undefined, old[name] || undefined, `${path}.${name}`),
  );
}

const counters = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
];

export function validateStatefulSetStatus(
  status: StatefulSetStatus | undefined,
  old: StatefulSetStatus | undefined,
): FieldError[] {
  const ofReplicas = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];
  const aboveReady = 'cannot be greater than status.readyReplicas';
  return [
    ...validateCounters(status, counters, 'status'),
    ...validateNotAbove(status, ofReplicas, 'replicas', 'cannot be greater than status.replicas', 'status'),
    ...validateNotAbove(status, ['availableReplicas'], 'readyReplicas', aboveReady, 'status'),
    ...validateCollisionCount(status, old),
  ];
}
