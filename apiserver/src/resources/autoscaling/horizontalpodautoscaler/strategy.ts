import type {
  HPAScalingRules,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
} from '@coracle/apimachinery/types/autoscaling-v2';
import { validateCounters } from '../../shared/counters.ts';
import { specOf } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { horizontalPodAutoscalerTable } from './table.ts';
import { validateSpec } from './validation.ts';

export const horizontalPodAutoscalerStrategy: Strategy<HorizontalPodAutoscaler> = {
  resource: { group: 'autoscaling', resource: 'horizontalpodautoscalers' },
  defaults(object, version) {
    const spec = specOf(object);
    spec.minReplicas ??= 1;
    if (version === 'v2') setDefaults(spec);
  },
  validate: (object, old) => validateSpec(object.spec as HorizontalPodAutoscalerSpec, old?.spec, 'spec'),
  /** A v1 object without a target has none until it is stored: there its version is v2. */
  canonicalize: (object) => setDefaults(specOf(object)),
  table: horizontalPodAutoscalerTable,
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: (object) => validateCounters(object.status, ['currentReplicas', 'desiredReplicas'], 'status'),
    },
  },
};

/** pkg/apis/autoscaling/v2/defaults.go */
function setDefaults(spec: HorizontalPodAutoscalerSpec): void {
  if ((spec.metrics ?? []).length === 0) {
    const target = { type: 'Utilization', averageUtilization: 80 };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (spec.behavior === undefined) return;
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  });
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  });
}

function withDefaults(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  return { ...defaults, ...rules };
}
