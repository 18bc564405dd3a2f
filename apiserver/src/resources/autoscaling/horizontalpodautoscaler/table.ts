import { canonicalQuantity } from '@coracle/apimachinery/quantity';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '@coracle/apimachinery/types/autoscaling-v2';
import type { TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

const shownMetricsMax = 2;

export const horizontalPodAutoscalerTable: TableStrategy<HorizontalPodAutoscaler> = {
  columns: [
    nameColumn,
    column('Reference', 'string', 'What is scaled'),
    column('Targets', 'string', 'Present and wanted values of the metrics'),
    column('MinPods', 'string', 'Fewest replicas'),
    column('MaxPods', 'string', 'Most replicas'),
    column('Replicas', 'string', 'Replicas now'),
    ageColumn,
  ],
  row(autoscaler, now) {
    const { spec, status } = autoscaler;
    const target = spec?.scaleTargetRef;
    return [
      autoscaler.metadata?.name,
      `${target?.kind}/${target?.name}`,
      metricsText(spec?.metrics ?? [], status?.currentMetrics ?? []),
      spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
      spec?.maxReplicas ?? 0,
      status?.currentReplicas ?? 0,
      ageOf(autoscaler, now),
    ];
  },
};

function metricsText(specs: readonly MetricSpec[], statuses: readonly MetricStatus[] | null): string {
  if (specs.length === 0) return '<none>';
  const texts = specs.slice(0, shownMetricsMax).map((spec, index) => metricText(spec, statuses?.[index]));
  const more = specs.length - texts.length;
  return texts.join(', ') + (more > 0 ? ` + ${more} more...` : '');
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${quantity(status?.pods?.current?.averageValue)}/${quantity(spec.pods?.target?.averageValue)}`;
    case 'Resource':
      return `${spec.resource?.name}: ${resourceText(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource': {
      const source = spec.containerResource;
      return `${source?.name}: ${resourceText(source?.target, status?.containerResource?.current)}`;
    }
  }
  return '<unknown type>';
}

function quantity(value: string | undefined): string {
  return value === undefined ? '<unknown>' : canonicalQuantity(value);
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined)
    return `${quantity(current?.averageValue)}/${quantity(target.averageValue)} (avg)`;
  return `${quantity(current?.value)}/${quantity(target?.value)}`;
}

function resourceText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${quantity(current?.averageValue)}/${quantity(target.averageValue)}`;
  const present = current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`;
  return `${present}/${target?.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`;
}
