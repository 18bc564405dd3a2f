import { quantityMilliValue } from '@coracle/apimachinery/quantity';
import type { Client } from '@coracle/client/rest';
import { parseTime } from '../shared/index.ts';

/** One reading. Values are thousandths. */
export interface Reading {
  readonly value: number;
  readonly timeMs: number;
  readonly windowMs: number;
}

export type PodReadings = ReadonlyMap<string, Reading>;

/** Where the numbers come from: the resource, custom and external metrics APIs, as far as the cluster serves them. */
export interface MetricsClient {
  /** Usage of a resource by each pod of the selector; of one container where one is named. */
  resource(namespace: string, selector: string, name: string, container?: string): Promise<PodReadings>;
  pods(namespace: string, selector: string, metric: string, metricSelector: string): Promise<PodReadings>;
  /** Path of the described object below its namespace: `services/web`, `ingresses.networking.k8s.io/web`. */
  object(namespace: string, path: string, metric: string, metricSelector: string): Promise<number>;
  external(namespace: string, metric: string, metricSelector: string): Promise<number>;
}

interface PodMetrics {
  metadata?: { name?: string };
  timestamp?: string;
  window?: string;
  containers?: { name: string; usage?: Record<string, string> }[];
}

interface MetricValue {
  describedObject?: { name?: string };
  timestamp?: string;
  windowSeconds?: number;
  value?: string;
}

const defaultWindowMs = 60_000;

export function createMetricsClient(client: Client): MetricsClient {
  const items = async <I>(path: string, query: Record<string, string>): Promise<I[]> => {
    const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
    const answer = (await client.raw('GET', text ? `${path}?${text}` : path)) as { items?: I[] };
    return answer.items ?? [];
  };
  const customValues = (namespace: string, path: string, query: Record<string, string>) =>
    items<MetricValue>(`/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/${path}`, query);

  return {
    async resource(namespace, selector, name, container) {
      const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
      const found = await items<PodMetrics>(path, { labelSelector: selector });
      if (found.length === 0) throw new Error(`no metrics returned from resource metrics API`);
      const readings = new Map<string, Reading>();
      for (const metrics of found) {
        const reading = podReading(metrics, name, container);
        if (reading) readings.set(metrics.metadata?.name ?? '', reading);
      }
      return readings;
    },
    async pods(namespace, selector, metric, metricLabelSelector) {
      const found = await customValues(namespace, `pods/*/${metric}`, { labelSelector: selector, metricLabelSelector });
      if (found.length === 0) throw new Error('no metrics returned from custom metrics API');
      return new Map(
        found.map(({ describedObject, value, timestamp, windowSeconds }) => [
          describedObject?.name ?? '',
          {
            value: quantityMilliValue(value),
            timeMs: parseTime(timestamp) ?? 0,
            windowMs: windowSeconds === undefined ? defaultWindowMs : windowSeconds * 1000,
          },
        ]),
      );
    },
    async object(namespace, path, metric, metricLabelSelector) {
      const [value] = await customValues(namespace, `${path}/${metric}`, { metricLabelSelector });
      if (!value) throw new Error('no metrics returned from custom metrics API');
      return quantityMilliValue(value.value);
    },
    async external(namespace, metric, labelSelector) {
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${metric}`;
      const found = await items<MetricValue>(path, { labelSelector });
      if (found.length === 0) throw new Error('no metrics returned from external metrics API');
      return found.reduce((sum, { value }) => sum + quantityMilliValue(value), 0);
    },
  };
}

/** The pod's usage; undefined when a container that counts has no reading. */
function podReading(
  { containers = [], timestamp, window }: PodMetrics,
  name: string,
  container?: string,
): Reading | undefined {
  const counted = container === undefined ? containers : containers.filter((candidate) => candidate.name === container);
  if (counted.length === 0) return undefined;
  let value = 0;
  for (const { usage } of counted) {
    if (usage?.[name] === undefined) return undefined;
    value += quantityMilliValue(usage[name]);
  }
  return { value, timeMs: parseTime(timestamp) ?? 0, windowMs: windowOf(window) };
}

function windowOf(text: string | undefined): number {
  const match = /^(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text ?? '');
  const ms = match ? Number(match[1] ?? 0) * 60_000 + Number(match[2] ?? 0) * 1000 : 0;
  return ms > 0 ? ms : defaultWindowMs;
}
