import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { LabelSelector } from '@coracle/apimachinery/selectors';
import type { ReplicaSetSpec, ReplicaSetStatus } from '@coracle/apimachinery/types/apps-v1';
import type { PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import { validateNonNegative } from '@coracle/apimachinery/validation';
import { validateCounters, validateNotAbove } from '../../shared/counters.ts';
import {
  parseSelector,
  validateLastingTemplate,
  validatePodTemplate,
  validateRequiredSelector,
  validateTemplateLabels,
} from '../../shared/pod-template.ts';

/** pkg/apis/apps/validation.ValidateReplicaSetSpec; the message about an empty selector names deployments there too. */
export function validateReplicaSetSpec(spec: ReplicaSetSpec, path: string): FieldError[] {
  const errors = validateNonNegative(spec.replicas ?? 0, `${path}.replicas`);
  errors.push(...validateNonNegative(spec.minReadySeconds ?? 0, `${path}.minReadySeconds`));
  errors.push(...validateRequiredSelector(spec.selector, 'deployment', `${path}.selector`));
  const selector = parseSelector(spec.selector);
  if (selector === undefined) errors.push(field.invalid(`${path}.selector`, spec.selector, 'invalid label selector'));
  else errors.push(...validateReplicaTemplate(spec.template, selector, `${path}.template`));
  return errors;
}

/** The template of a ReplicaSet or Deployment. */
export function validateReplicaTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector,
  path: string,
): FieldError[] {
  const given = template ?? {};
  return [
    ...validateTemplateLabels(given, selector, path),
    ...validatePodTemplate(given, path),
    ...validateLastingTemplate(given, 'ReplicaSet', path),
  ];
}

const counters = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
  'terminatingReplicas',
];

export function validateReplicaSetStatus(status: ReplicaSetStatus | undefined): FieldError[] {
  const ofReplicas = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];
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
  ];
}
