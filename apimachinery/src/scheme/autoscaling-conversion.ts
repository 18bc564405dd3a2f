import type * as v1 from '../generated/types/autoscaling-v1.ts';
import type * as v2 from '../generated/types/autoscaling-v2.ts';
import type { KubernetesObject } from '../meta/index.ts';
import { metricFromV1, metricStatusFromV1, metricStatusToV1, metricToV1 } from './autoscaling-metrics.ts';
import type { Conversion } from './conversion.ts';
import { defined } from './defined.ts';

/**
 * autoscaling/v1 knows one CPU target; everything else of v2 travels in annotations, as upstream has it
 * (pkg/apis/autoscaling/v1/conversion.go).
 */
export const autoscalingConversion: Conversion = {
  kinds: [{ group: 'autoscaling', kind: 'HorizontalPodAutoscaler' }],
  convert: (object, to): KubernetesObject =>
    to.version === 'v1' ? toV1(object as v2.HorizontalPodAutoscaler) : toV2(object as v1.HorizontalPodAutoscaler),
};

const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';
const currentMetricsAnnotation = 'autoscaling.alpha.kubernetes.io/current-metrics';
const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';
const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior';
const roundTripAnnotations = [metricsAnnotation, currentMetricsAnnotation, conditionsAnnotation, behaviorAnnotation];
/** Utilization in percent that v1 means where it says nothing. */
const defaultCpuUtilization = 80;

function toV1({ metadata, spec, status }: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const metrics = spec?.metrics ?? [];
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  const currentMetrics = status?.currentMetrics ?? [];
  const currentCpu = currentMetrics.findLast(
    (metric) => isCpu(metric) && metric.resource?.current.averageUtilization != null,
  );
  const annotations = withoutRoundTrip(metadata?.annotations);
  if (others.length > 0) annotations[metricsAnnotation] = JSON.stringify(others.map(metricToV1));
  if (currentMetrics.length > 0)
    annotations[currentMetricsAnnotation] = JSON.stringify(currentMetrics.map(metricStatusToV1));
  if (spec?.behavior) annotations[behaviorAnnotation] = JSON.stringify(behaviorToV1(spec.behavior));
  if (status?.conditions?.length) annotations[conditionsAnnotation] = JSON.stringify(status.conditions);
  return {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(metadata, annotations),
    spec: defined({
      ...replicas(spec),
      targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization,
    }) as v1.HorizontalPodAutoscalerSpec,
    status: defined({
      ...scaleState(status),
      currentCPUUtilizationPercentage: currentCpu?.resource?.current.averageUtilization,
    }) as v1.HorizontalPodAutoscalerStatus,
  };
}

function toV2({ metadata, spec, status }: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const saved = metadata?.annotations ?? {};
  const metrics = parse<v1.MetricSpec[]>(saved[metricsAnnotation])?.map(metricFromV1) ?? [];
  if (spec?.targetCPUUtilizationPercentage != null) metrics.push(cpuMetric(spec.targetCPUUtilizationPercentage));
  if (metrics.length === 0) metrics.push(cpuMetric(defaultCpuUtilization));
  const behavior = parse<object>(saved[behaviorAnnotation]);
  return {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(metadata, withoutRoundTrip(saved)),
    spec: defined({
      ...replicas(spec),
      metrics,
      behavior: behavior && (fromGoNames(behavior) as v2.HorizontalPodAutoscalerBehavior),
    }) as v2.HorizontalPodAutoscalerSpec,
    status: defined({
      ...scaleState(status),
      currentMetrics:
        parse<v1.MetricStatus[]>(saved[currentMetricsAnnotation])?.map(metricStatusFromV1) ?? cpuStatus(status),
      conditions: parse<v2.HorizontalPodAutoscalerCondition[]>(saved[conditionsAnnotation]),
    }) as v2.HorizontalPodAutoscalerStatus,
  };
}

type AnySpec = v1.HorizontalPodAutoscalerSpec | v2.HorizontalPodAutoscalerSpec;

function replicas(spec: AnySpec | undefined): Partial<AnySpec> {
  const { scaleTargetRef, minReplicas, maxReplicas } = spec ?? ({} as Partial<AnySpec>);
  return { scaleTargetRef, minReplicas, maxReplicas } as Partial<AnySpec>;
}

type AnyStatus = v1.HorizontalPodAutoscalerStatus | v2.HorizontalPodAutoscalerStatus;

function scaleState(status: AnyStatus | undefined): Partial<AnyStatus> {
  const {
    observedGeneration,
    lastScaleTime,
    currentReplicas = 0,
    desiredReplicas = 0,
  } = status ?? ({} as Partial<AnyStatus>);
  return { observedGeneration, lastScaleTime, currentReplicas, desiredReplicas } as Partial<AnyStatus>;
}

function isCpu(metric: { type: string; resource?: { name: string } }): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu';
}

function isCpuUtilization(metric: v2.MetricSpec): boolean {
  return isCpu(metric) && metric.resource?.target.averageUtilization != null;
}

function cpuMetric(averageUtilization: number): v2.MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function cpuStatus(status: v1.HorizontalPodAutoscalerStatus | undefined): v2.MetricStatus[] | null {
  const averageUtilization = status?.currentCPUUtilizationPercentage;
  if (averageUtilization == null) return null;
  return [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization } } }];
}

function withoutRoundTrip(annotations: Record<string, string> | undefined): Record<string, string> {
  const kept = { ...annotations };
  for (const name of roundTripAnnotations) delete kept[name];
  return kept;
}

function withAnnotations<T extends { annotations?: Record<string, string> }>(
  metadata: T | undefined,
  annotations: Record<string, string>,
): T {
  const { annotations: _, ...others } = metadata ?? ({} as T);
  return (Object.keys(annotations).length > 0 ? { ...others, annotations } : others) as T;
}

/** What an annotation holds; undefined where it is absent or no JSON, as upstream ignores both. */
function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** Upstream writes the behavior under Go's field names, in Go's order, what is absent as null: clients may compare the text. */
function behaviorToV1({ scaleUp, scaleDown }: v2.HorizontalPodAutoscalerBehavior): object {
  return { ScaleUp: rulesToV1(scaleUp), ScaleDown: rulesToV1(scaleDown) };
}

function rulesToV1(rules: v2.HPAScalingRules | undefined): object | null {
  if (rules === undefined) return null;
  const { stabilizationWindowSeconds = null, selectPolicy = null, policies, tolerance = null } = rules;
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds,
    SelectPolicy: selectPolicy,
    Policies:
      policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ??
      null,
    Tolerance: tolerance,
  };
}

function fromGoNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromGoNames);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([name, item]) => [lowerFirst(name), fromGoNames(item)]));
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
