import { Quantity, quantityMilliValue } from '@coracle/apimachinery/quantity';
import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import type {
  HorizontalPodAutoscaler,
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '@coracle/apimachinery/types/autoscaling-v2';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Discovery } from '../runtime/index.ts';
import { isPodReady } from '../shared/index.ts';
import type { MetricsClient } from './metrics-client.ts';
import {
  isWithin,
  type Proposal,
  replicasForUsage,
  replicasForUtilization,
  type Tolerances,
  type UsageObservation,
} from './replica-calculator.ts';

const defaultTolerance = 0.1;

export interface MetricObservation {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly pods: readonly Pod[];
  readonly selector: string;
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly nowMs: number;
}

export interface EvaluatedMetric {
  readonly replicas: number;
  /** What the metric is called in conditions and events. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** Says why a metric could not be had; `reason` goes into the condition. */
export class MetricFailure extends Error {
  override readonly name = 'MetricFailure';
  readonly reason: string;

  constructor(reason: string, message: string, cause: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

export async function evaluateMetric(
  metrics: MetricsClient,
  discovery: Discovery,
  observation: MetricObservation,
  spec: MetricSpec,
): Promise<EvaluatedMetric> {
  const namespace = observation.autoscaler.metadata?.namespace ?? '';
  const { selector } = observation;
  if (spec.type === 'Resource' && spec.resource) {
    const { name, target } = spec.resource;
    const readings = await attempt('FailedGetResourceMetric', `failed to get ${name} resource metric value`, () =>
      metrics.resource(namespace, selector, name),
    );
    const usage = { ...usageOf(observation), readings, isCpu: name === 'cpu' };
    const found = await attempt('FailedGetResourceMetric', `failed to get ${name} resource metric value`, () =>
      resourceProposal(usage, name, undefined, target),
    );
    return {
      replicas: found.replicas,
      name: resourceName(name, found),
      status: { type: 'Resource', resource: { name, current: currentOf(found, name) } },
    };
  }
  if (spec.type === 'ContainerResource' && spec.containerResource) {
    const { name, container, target } = spec.containerResource;
    const what = `failed to get ${container} container metric value`;
    const readings = await attempt('FailedGetContainerResourceMetric', what, () =>
      metrics.resource(namespace, selector, name, container),
    );
    const usage = { ...usageOf(observation), readings, isCpu: name === 'cpu' };
    const found = await attempt('FailedGetContainerResourceMetric', what, () =>
      resourceProposal(usage, name, container, target),
    );
    return {
      replicas: found.replicas,
      name:
        found.utilization === undefined
          ? `${name} resource`
          : `${name} container resource utilization (percentage of request)`,
      status: { type: 'ContainerResource', containerResource: { name, container, current: currentOf(found, name) } },
    };
  }
  if (spec.type === 'Pods' && spec.pods) {
    const { metric, target } = spec.pods;
    const found = await attempt('FailedGetPodsMetric', 'failed to get pods metric value', async () => {
      const readings = await metrics.pods(namespace, selector, metric.name, selectorText(metric));
      return replicasForUsage(
        { ...usageOf(observation), readings, isCpu: false },
        quantityMilliValue(target.averageValue),
      );
    });
    const current = { averageValue: milliText(found.usage) };
    return {
      replicas: found.replicas,
      name: `pods metric ${metric.name}`,
      status: { type: 'Pods', pods: { metric, current } },
    };
  }
  if (spec.type === 'Object' && spec.object) {
    const { metric, target, describedObject } = spec.object;
    const found = await attempt('FailedGetObjectMetric', 'failed to get object metric value', async () => {
      const path = objectPath(discovery, describedObject);
      return valueProposal(
        observation,
        await metrics.object(namespace, path, metric.name, selectorText(metric)),
        target,
      );
    });
    return {
      replicas: found.replicas,
      name: `${describedObject.kind} metric ${metric.name}`,
      status: { type: 'Object', object: { metric, describedObject, current: valueStatus(found, target) } },
    };
  }
  if (spec.type === 'External' && spec.external) {
    const { metric, target } = spec.external;
    const found = await attempt(
      'FailedGetExternalMetric',
      `failed to get ${metric.name} external metric value`,
      async () =>
        valueProposal(observation, await metrics.external(namespace, metric.name, selectorText(metric)), target),
    );
    return {
      replicas: found.replicas,
      name: `external metric ${metric.name}`,
      status: { type: 'External', external: { metric, current: valueStatus(found, target) } },
    };
  }
  throw new MetricFailure('InvalidMetricSourceType', `unknown metric source type "${spec.type}"`, undefined);
}

async function attempt<R>(reason: string, what: string, work: () => R | Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw new MetricFailure(reason, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function usageOf({
  autoscaler,
  pods,
  specReplicas,
  nowMs,
}: MetricObservation): Omit<UsageObservation, 'readings' | 'isCpu'> {
  return { currentReplicas: specReplicas, pods, tolerances: tolerancesOf(autoscaler), nowMs };
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const of = (text: string | undefined) => (text === undefined ? defaultTolerance : quantityMilliValue(text) / 1000);
  return { scaleUp: of(spec?.behavior?.scaleUp?.tolerance), scaleDown: of(spec?.behavior?.scaleDown?.tolerance) };
}

function resourceProposal(
  usage: UsageObservation,
  name: string,
  container: string | undefined,
  target: MetricTarget,
): Proposal {
  if (target.averageValue !== undefined) return replicasForUsage(usage, quantityMilliValue(target.averageValue));
  if (target.averageUtilization !== undefined)
    return replicasForUtilization(usage, target.averageUtilization, name, container);
  throw new Error(
    'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
  );
}

/** A value for the whole, compared as it is, or divided by the pods there are. */
function valueProposal(
  { autoscaler, pods, specReplicas, statusReplicas }: MetricObservation,
  value: number,
  target: MetricTarget,
): Proposal {
  const tolerances = tolerancesOf(autoscaler);
  if (target.value !== undefined) {
    const ratio = value / quantityMilliValue(target.value);
    const ready = pods.filter(isPodReady).length;
    return {
      replicas: isWithin(ratio, tolerances) ? specReplicas : Math.ceil(ratio * Math.max(ready, 1)),
      usage: value,
    };
  }
  const wanted = quantityMilliValue(target.averageValue);
  const ratio = value / (wanted * Math.max(statusReplicas, 1));
  const usage = Math.ceil(value / Math.max(statusReplicas, 1));
  return { replicas: isWithin(ratio, tolerances) ? statusReplicas : Math.ceil(value / wanted), usage };
}

function objectPath(
  discovery: Discovery,
  { apiVersion = 'v1', kind, name }: { apiVersion?: string; kind: string; name: string },
): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const resource = discovery.byKind(group, kind);
  if (!resource) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
  return `${resource.resource}${group ? `.${group}` : ''}/${name}`;
}

function selectorText(metric: MetricIdentifier): string {
  return metric.selector ? formatLabelSelector(metric.selector) : '';
}

function resourceName(name: string, { utilization }: Proposal): string {
  return utilization === undefined ? `${name} resource` : `${name} resource utilization (percentage of request)`;
}

function currentOf({ usage, utilization }: Proposal, resource: string): MetricValueStatus {
  const averageValue = milliText(usage, resource === 'memory');
  return { averageValue, ...(utilization === undefined ? {} : { averageUtilization: utilization }) };
}

function valueStatus({ usage }: Proposal, target: MetricTarget): MetricValueStatus {
  return target.value !== undefined ? { value: milliText(usage) } : { averageValue: milliText(usage) };
}

function milliText(milli: number, binary = false): string {
  return new Quantity(BigInt(Math.trunc(milli)) * 1_000_000n, binary ? 'BinarySI' : 'DecimalSI').toString();
}
