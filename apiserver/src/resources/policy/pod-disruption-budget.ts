import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '@coracle/apimachinery/types/policy-v1';
import { validateConditions, validateLabelSelector } from '@coracle/apimachinery/validation';
import { validateCounters } from '../shared/counters.ts';
import { validateAtMost100Percent, validateIntOrPercent } from '../shared/int-or-percent.ts';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];
const counters = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];

export const podDisruptionBudgetStrategy: Strategy<PodDisruptionBudget> = {
  resource: { group: 'policy', resource: 'poddisruptionbudgets' },
  judgesMetadata: false,
  unconditionalUpdate: false,
  validate: (object) => validateSpec(specOf(object)),
  table: {
    columns: [
      nameColumn,
      column('Min Available', 'string', 'Pods that must stay'),
      column('Max Unavailable', 'string', 'Pods that may be missing'),
      column('Allowed Disruptions', 'integer', 'Pods that may be evicted now'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      String(object.spec?.minAvailable ?? 'N/A'),
      String(object.spec?.maxUnavailable ?? 'N/A'),
      object.status?.disruptionsAllowed ?? 0,
      ageOf(object, now),
    ],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: ({ status }) => [
        ...validateConditions(status?.conditions ?? [], 'status.conditions'),
        ...validateCounters(status, counters, 'status'),
      ],
    },
  },
};

/** pkg/apis/policy/validation.ValidatePodDisruptionBudgetSpec */
function validateSpec(spec: PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(field.invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[name];
    if (value === undefined) continue;
    errors.push(...validateIntOrPercent(value, `spec.${name}`), ...validateAtMost100Percent(value, `spec.${name}`));
  }
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector'));
  if (policy !== undefined && !evictionPolicies.includes(policy)) {
    errors.push(field.notSupported('spec.unhealthyPodEvictionPolicy', policy, evictionPolicies));
  }
  return errors;
}
