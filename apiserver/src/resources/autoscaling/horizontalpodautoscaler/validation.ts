import { type FieldError, field } from '@coracle/apimachinery/errors';
import { quantityOrZero } from '@coracle/apimachinery/quantity';
import { groupVersionProblem } from '@coracle/apimachinery/schema';
import type {
  CrossVersionObjectReference,
  HPAScalingRules,
  HorizontalPodAutoscalerSpec,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '@coracle/apimachinery/types/autoscaling-v2';
import { dns1123Label } from '@coracle/apimachinery/validation';
import { validateSegment } from '../../shared/domain-path.ts';

const stabilizationSecondsMax = 3600;
const periodSecondsMax = 1800;

/** pkg/apis/autoscaling/validation.validateHorizontalPodAutoscalerSpec. */
export function validateSpec(
  spec: HorizontalPodAutoscalerSpec,
  old: HorizontalPodAutoscalerSpec | undefined,
  path: string,
): FieldError[] {
  const { minReplicas, maxReplicas = 0 } = spec;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 0) {
    errors.push(field.invalid(`${path}.minReplicas`, minReplicas, 'must be greater than or equal to 0'));
  }
  if (maxReplicas < 0) {
    errors.push(field.invalid(`${path}.maxReplicas`, maxReplicas, 'must be greater than or equal to 1'));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const text = 'must be greater than or equal to `minReplicas`';
    errors.push(field.invalid(`${path}.maxReplicas`, maxReplicas, text));
  }
  errors.push(...validateReference(spec.scaleTargetRef, `${path}.scaleTargetRef`));
  errors.push(...validateTargetGroup(spec.scaleTargetRef, old?.scaleTargetRef, `${path}.scaleTargetRef`));
  errors.push(...validateMetrics(spec.metrics ?? [], minReplicas, `${path}.metrics`));
  errors.push(...validateRules(spec.behavior?.scaleUp, `${path}.behavior.scaleUp`));
  errors.push(...validateRules(spec.behavior?.scaleDown, `${path}.behavior.scaleDown`));
  if (maxReplicas === 0) errors.push(field.required(`${path}.maxReplicas`));
  return errors;
}

function validateReference(reference: CrossVersionObjectReference | undefined, path: string): FieldError[] {
  const { kind, name, apiVersion = '' } = reference ?? ({} as Partial<CrossVersionObjectReference>);
  const errors = [...validateSegment(kind, `${path}.kind`), ...validateSegment(name, `${path}.name`)];
  const problem = groupVersionProblem(apiVersion);
  if (problem !== undefined) errors.push(field.invalid(`${path}.apiVersion`, apiVersion, problem));
  return errors;
}

/** Only replication controllers have no group. What was stored without one may stay. */
function validateTargetGroup(
  reference: CrossVersionObjectReference | undefined,
  old: CrossVersionObjectReference | undefined,
  path: string,
): FieldError[] {
  const { kind, apiVersion = '' } = reference ?? ({} as Partial<CrossVersionObjectReference>);
  if (kind === 'ReplicationController' || apiVersion.indexOf('/') > 0) return [];
  if (old !== undefined && (old.apiVersion ?? '') === apiVersion) return [];
  return [field.invalid(`${path}.apiVersion`, apiVersion, 'apiVersion must specify API group')];
}

function validateMetrics(metrics: readonly MetricSpec[], minReplicas: number | undefined, path: string): FieldError[] {
  const errors = metrics.flatMap((metric, index) => validateMetric(metric, `${path}[${index}]`));
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(field.forbidden(path, text));
  }
  return errors;
}

const sourceOfType: Readonly<Record<string, 'object' | 'pods' | 'resource' | 'external' | 'containerResource'>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

/** The order in which upstream looks for a source: only the first is checked. */
const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  const { type = '' } = metric;
  const errors: FieldError[] = [];
  if (type === '') errors.push(field.required(`${path}.type`, 'must specify a metric source type'));
  const wanted = Object.hasOwn(sourceOfType, type) ? sourceOfType[type] : undefined;
  if (wanted === undefined) errors.push(field.notSupported(`${path}.type`, type, Object.keys(sourceOfType)));
  const present = sources.filter((name) => metric[name] !== undefined);
  if (present[0] !== undefined) errors.push(...validateSource(metric, present[0], `${path}.${present[0]}`));
  if (wanted !== undefined && metric[wanted] === undefined) {
    errors.push(field.required(`${path}.${wanted}`, 'must populate information for the given metric source'));
  }
  if (present.length === 1) return errors;
  for (const name of present.filter((other) => other !== wanted)) {
    errors.push(field.forbidden(`${path}.${name}`, 'must populate the given metric source only'));
  }
  return errors;
}

function validateSource(metric: MetricSpec, name: (typeof sources)[number], path: string): FieldError[] {
  switch (name) {
    case 'object':
      return [
        ...validateReference(metric.object?.describedObject, `${path}.describedObject`),
        ...validateIdentifier(metric.object?.metric, `${path}.metric`),
        ...validateTarget(metric.object?.target, `${path}.target`),
        ...requireValue(metric.object?.target, path, 'must set either a target value or averageValue'),
      ];
    case 'external':
      return [
        ...validateIdentifier(metric.external?.metric, `${path}.metric`),
        ...validateTarget(metric.external?.target, `${path}.target`),
        ...requireValue(metric.external?.target, path, 'must set either a target value for metric or a per-pod target'),
        ...forbidBoth(metric.external?.target, path),
      ];
    case 'pods':
      return [
        ...validateIdentifier(metric.pods?.metric, `${path}.metric`),
        ...validateTarget(metric.pods?.target, `${path}.target`),
        ...(metric.pods?.target?.averageValue === undefined
          ? [field.required(`${path}.target.averageValue`, 'must specify a positive target averageValue')]
          : []),
      ];
    case 'resource':
      return validateResource(metric.resource, path);
    case 'containerResource':
      return [
        ...validateContainer(metric.containerResource?.container, path),
        ...validateResource(metric.containerResource, path),
      ];
  }
}

function validateContainer(container: string | undefined, path: string): FieldError[] {
  if (!container) return [field.required(`${path}.container`, 'must specify a container')];
  return dns1123Label(container).map((text) => field.invalid(`${path}.container`, container, text));
}

function validateResource(source: { name?: string; target?: MetricTarget } | undefined, path: string): FieldError[] {
  const { name, target } = source ?? {};
  const errors = name ? [] : [field.required(`${path}.name`, 'must specify a resource name')];
  errors.push(...validateTarget(target, `${path}.target`));
  const utilization = target?.averageUtilization !== undefined;
  const value = target?.averageValue !== undefined;
  if (!utilization && !value) {
    const text = 'must set either a target raw value or a target utilization';
    errors.push(field.required(`${path}.target.averageUtilization`, text));
  }
  if (utilization && value) {
    const text = 'may not set both a target raw value and a target utilization';
    errors.push(field.forbidden(`${path}.target.averageValue`, text));
  }
  return errors;
}

function requireValue(target: MetricTarget | undefined, path: string, text: string): FieldError[] {
  const missing = target?.value === undefined && target?.averageValue === undefined;
  return missing ? [field.required(`${path}.target.averageValue`, text)] : [];
}

function forbidBoth(target: MetricTarget | undefined, path: string): FieldError[] {
  if (target?.value === undefined || target.averageValue === undefined) return [];
  return [field.forbidden(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target')];
}

function validateIdentifier(identifier: MetricIdentifier | undefined, path: string): FieldError[] {
  if (!identifier?.name) return [field.required(`${path}.name`, 'must specify a metric name')];
  return validateSegment(identifier.name, `${path}.name`);
}

function validateTarget(target: MetricTarget | undefined, path: string): FieldError[] {
  const { type = '', value, averageValue, averageUtilization } = target ?? ({} as Partial<MetricTarget>);
  const errors: FieldError[] = [];
  if (type === '') errors.push(field.required(`${path}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(field.invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [name, quantity] of [
    ['value', value],
    ['averageValue', averageValue],
  ] as const) {
    if (quantity !== undefined && quantityOrZero(quantity).sign !== 1) {
      errors.push(field.invalid(`${path}.${name}`, quantity, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(field.invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  if (window < 0) {
    errors.push(field.invalid(`${path}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'));
  }
  if (window > stabilizationSecondsMax) {
    const text = `must be less than or equal to ${stabilizationSecondsMax}`;
    errors.push(field.invalid(`${path}.stabilizationWindowSeconds`, window, text));
  }
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) {
    errors.push(field.notSupported(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']));
  }
  if (policies.length === 0) errors.push(field.required(`${path}.policies`, 'must specify at least one Policy'));
  for (const [index, policy] of policies.entries()) {
    errors.push(...validatePolicy(policy, `${path}.policies[${index}]`));
  }
  if (tolerance !== undefined && quantityOrZero(tolerance).sign < 0) {
    errors.push(field.invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  }
  return errors;
}

function validatePolicy(policy: { type?: string; value?: number; periodSeconds?: number }, path: string): FieldError[] {
  const { type = '', value = 0, periodSeconds = 0 } = policy;
  const errors: FieldError[] = [];
  if (!['Percent', 'Pods'].includes(type)) errors.push(field.notSupported(`${path}.type`, type, ['Percent', 'Pods']));
  if (value <= 0) errors.push(field.invalid(`${path}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0)
    errors.push(field.invalid(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > periodSecondsMax) {
    const text = `must be less than or equal to ${periodSecondsMax}`;
    errors.push(field.invalid(`${path}.periodSeconds`, periodSeconds, text));
  }
  return errors;
}
