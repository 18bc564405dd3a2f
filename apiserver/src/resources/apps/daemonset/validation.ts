import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  DaemonSetSpec,
  DaemonSetStatus,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from '@coracle/apimachinery/types/apps-v1';
import { validateLabelSelector, validateNonNegative } from '@coracle/apimachinery/validation';
import { validateCollisionCount, validateCounters } from '../../shared/counters.ts';
import { intOrPercentValue, validateAtMost100Percent, validateIntOrPercent } from '../../shared/int-or-percent.ts';
import {
  isEmptySelector,
  parseSelector,
  validateLastingTemplate,
  validatePodTemplate,
} from '../../shared/pod-template.ts';

/** pkg/apis/apps/validation.ValidateDaemonSetSpec */
export function validateDaemonSetSpec(spec: DaemonSetSpec, path: string): FieldError[] {
  const { selector, template, revisionHistoryLimit = 0, minReadySeconds = 0 } = spec;
  const errors = validateLabelSelector(selector, `${path}.selector`);
  if (parseSelector(selector)?.matches(template.metadata?.labels) === false) {
    const text = '`selector` does not match template `labels`';
    errors.push(field.invalid(`${path}.template.metadata.labels`, template.metadata?.labels, text));
  }
  if (selector !== undefined && isEmptySelector(selector)) {
    errors.push(field.invalid(`${path}.selector`, selector, 'empty selector is invalid for daemonset'));
  }
  errors.push(...validatePodTemplate(template, `${path}.template`));
  errors.push(...validateLastingTemplate(template, 'DaemonSet', `${path}.template`));
  errors.push(...validateNonNegative(minReadySeconds, `${path}.minReadySeconds`));
  errors.push(...validateUpdateStrategy(spec.updateStrategy ?? {}, `${path}.updateStrategy`));
  errors.push(...validateNonNegative(revisionHistoryLimit, `${path}.revisionHistoryLimit`));
  return errors;
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy, path: string): FieldError[] {
  if (strategy.type === 'OnDelete') return [];
  if (strategy.type !== 'RollingUpdate') return [field.notSupported(path, strategy, ['RollingUpdate', 'OnDelete'])];
  if (strategy.rollingUpdate === undefined) return [field.required(`${path}.rollingUpdate`)];
  return validateRollingUpdate(strategy.rollingUpdate, `${path}.rollingUpdate`);
}

function validateRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet,
  path: string,
): FieldError[] {
  const errors = validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`);
  errors.push(...validateIntOrPercent(maxSurge, `${path}.maxSurge`));
  errors.push(...validateAtMost100Percent(maxUnavailable, `${path}.maxUnavailable`));
  errors.push(...validateAtMost100Percent(maxSurge, `${path}.maxSurge`));
  const unavailable = intOrPercentValue(maxUnavailable) !== 0;
  const surge = intOrPercentValue(maxSurge) !== 0;
  if (unavailable && surge) {
    errors.push(field.invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!unavailable && !surge) {
    errors.push(field.required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

const counters = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

export function validateDaemonSetStatus(
  status: DaemonSetStatus | undefined,
  old: DaemonSetStatus | undefined,
): FieldError[] {
  return [...validateCounters(status, counters, 'status'), ...validateCollisionCount(status, old)];
}
