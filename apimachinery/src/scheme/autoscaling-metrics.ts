import type * as v1 from '../generated/types/autoscaling-v1.ts';
import type * as v2 from '../generated/types/autoscaling-v2.ts';
import type { LabelSelector } from '../generated/types/meta-v1.ts';
import { quantityOrZero } from '../quantity/index.ts';
import { defined } from './defined.ts';

/** Metrics in the flat form that autoscaling/v1 keeps in its annotations, fields in upstream's order, and back. */
export function metricToV1({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: v2.MetricSpec): v1.MetricSpec {
  return defined({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? '0',
      ...selectorOf(object.metric),
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? '0',
      ...selectorOf(pods.metric),
    },
    resource: resource && { name: resource.name, ...averages(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...averages(containerResource.target),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  }) as v1.MetricSpec;
}

export function metricFromV1({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: v1.MetricSpec): v2.MetricSpec {
  return defined({
    type,
    object: object && {
      describedObject: object.target,
      target: objectTarget(object),
      metric: identifier(object.metricName, object.selector),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: averageTarget(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: averageTarget(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      target: defined({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as v2.MetricSpec;
}

export function metricStatusToV1(status: v2.MetricStatus): v1.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = status;
  return defined({
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? '0',
      ...selectorOf(object.metric),
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? '0',
      ...selectorOf(pods.metric),
    },
    resource: resource && { name: resource.name, ...currentAverages(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...currentAverages(containerResource.current),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? '0',
      currentAverageValue: external.current.averageValue,
    },
  }) as v1.MetricStatus;
}

export function metricStatusFromV1(status: v1.MetricStatus): v2.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = status;
  return defined({
    type,
    object: object && {
      metric: identifier(object.metricName, object.selector),
      current: defined({ value: object.currentValue, averageValue: object.averageValue }),
      describedObject: object.target,
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: current(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: current(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      current: defined({ value: external.currentValue, averageValue: external.currentAverageValue }),
    },
  }) as v2.MetricStatus;
}

function selectorOf({ selector }: v2.MetricIdentifier): { selector?: LabelSelector } {
  return selector === undefined ? {} : { selector };
}

function identifier(name: string, selector: LabelSelector | undefined): v2.MetricIdentifier {
  return selector === undefined ? { name } : { name, selector };
}

function averages({ averageUtilization, averageValue }: v2.MetricTarget): object {
  return defined({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue });
}

function averageTarget(source: { targetAverageUtilization?: number; targetAverageValue?: string }): object {
  const { targetAverageUtilization: averageUtilization, targetAverageValue: averageValue } = source;
  const type = averageUtilization === undefined ? 'AverageValue' : 'Utilization';
  return defined({ type, averageValue, averageUtilization });
}

function currentAverages({ averageUtilization, averageValue = '0' }: v2.MetricValueStatus): object {
  return defined({ currentAverageUtilization: averageUtilization, currentAverageValue: averageValue });
}

function current(status: { currentAverageUtilization?: number; currentAverageValue: string }): object {
  return defined({ averageValue: status.currentAverageValue, averageUtilization: status.currentAverageUtilization });
}

/** v1 cannot leave the value out, so a zero beside an average means that there is none. */
function objectTarget({ averageValue, targetValue }: v1.ObjectMetricSource): object {
  if (averageValue === undefined) return { type: 'Value', value: targetValue };
  const value = quantityOrZero(targetValue).toString() === '0' ? undefined : targetValue;
  return defined({ type: 'AverageValue', value, averageValue });
}
