import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { DeploymentSpec, DeploymentStatus, DeploymentStrategy } from '@coracle/apimachinery/types/apps-v1';
import { validateNonNegative } from '@coracle/apimachinery/validation';
import { validateCollisionCount, validateCounters, validateNotAbove } from '../../shared/counters.ts';
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from '../../shared/int-or-percent.ts';
import { parseSelector, validateRequiredSelector } from '../../shared/pod-template.ts';
import { validateReplicaTemplate } from '../replicaset/validation.ts';

/** pkg/apis/apps/validation.ValidateDeploymentSpec */
export function validateDeploymentSpec(spec: DeploymentSpec, path: string): FieldError[] {
  const { minReadySeconds = 0, progressDeadlineSeconds, revisionHistoryLimit = 0 } = spec;
  const errors = validateNonNegative(spec.replicas ?? 0, `${path}.replicas`);
  errors.push(...validateRequiredSelector(spec.selector, 'deployment', `${path}.selector`));
  const selector = parseSelector(spec.selector);
  if (selector === undefined) errors.push(field.invalid(`${path}.selector`, spec.selector, 'invalid label selector'));
  else errors.push(...validateReplicaTemplate(spec.template, selector, `${path}.template`));
  errors.push(...validateStrategy(spec.strategy ?? {}, `${path}.strategy`));
  errors.push(...validateNonNegative(minReadySeconds, `${path}.minReadySeconds`));
  errors.push(...validateNonNegative(revisionHistoryLimit, `${path}.revisionHistoryLimit`));
  if (progressDeadlineSeconds !== undefined) {
    const at = `${path}.progressDeadlineSeconds`;
    errors.push(...validateNonNegative(progressDeadlineSeconds, at));
    if (progressDeadlineSeconds <= minReadySeconds) {
      errors.push(field.invalid(at, progressDeadlineSeconds, 'must be greater than minReadySeconds'));
    }
  }
  return errors;
}

function validateStrategy(strategy: DeploymentStrategy, path: string): FieldError[] {
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    return [field.forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate') return [field.notSupported(path, strategy, ['Recreate', 'RollingUpdate'])];
  if (rollingUpdate === undefined) {
    return [field.required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')];
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const at = `${path}.rollingUpdate`;
  const errors = validateIntOrPercent(maxUnavailable, `${at}.maxUnavailable`);
  errors.push(...validateIntOrPercent(maxSurge, `${at}.maxSurge`));
  if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
    errors.push(field.invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...validateAtMost100Percent(maxUnavailable, `${at}.maxUnavailable`)];
}

const counters = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
];

export function validateDeploymentStatus(
  status: DeploymentStatus | undefined,
  old: DeploymentStatus | undefined,
): FieldError[] {
  const ofReplicas = ['updatedReplicas', 'readyReplicas', 'availableReplicas'];
  return [
    ...validateCounters(status, counters, 'status'),
    ...validateNotAbove(status, ofReplicas, 'replicas', 'cannot be greater than status.replicas', 'status'),
    ...validateNotAbove(
      status,
      ['availableReplicas'],
      'readyReplicas',
      'cannot be greater than readyReplicas',
      'status',
    ),
    ...validateCollisionCount(status, old),
  ];
}
