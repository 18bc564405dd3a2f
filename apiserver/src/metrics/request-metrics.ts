import type { Clock } from '@coracle/apimachinery/clock';
import type { Filter, RequestContext } from '../filters/filter.ts';
import { isLongRunning } from '../filters/deadline.ts';
import { whenBodyEnds } from '../filters/when-body-ends.ts';
import type { ResourceTable } from '../registry/served-resource.ts';
import { type Counter, MetricRegistry } from './registry.ts';

export interface RequestMetrics {
  readonly registry: MetricRegistry;
  readonly filter: Filter;
}

/** Seconds; upstream's buckets of apiserver_request_duration_seconds. */
const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const requestLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];

/** Methods that are told apart, upstream's; any other is one that a client made up. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const otherMethod = 'OTHER';

/**
 * Counts requests and how long they take, under upstream's names. Only what is in `resources` becomes a label, as upstream
 * counts its routes only: what clients make up would be kept for ever.
 */
export function createRequestMetrics(clock: Clock, resources: Pick<ResourceTable, 'find'>): RequestMetrics {
  const registry = new MetricRegistry();
  const total = registry.counter({
    name: 'apiserver_request_total',
    help: 'Counter of apiserver requests broken out for each verb, group, version, resource, scope and HTTP response code.',
    labels: [...requestLabels, 'code'],
  });
  const durations = registry.histogram(
    {
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, group, version, resource, subresource, scope.',
      labels: requestLabels,
    },
    durationBounds,
  );
  const ownDurations = registry.histogram(
    {
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Response latency distribution (not counting webhooks and queue waits) in seconds for each verb, group, version, resource, subresource, scope.',
      labels: requestLabels,
    },
    durationBounds,
  );
  const known = new Map<string, RequestSeries>();
  const seriesOf = (labels: readonly string[]): RequestSeries => {
    const key = labels.join('/');
    let series = known.get(key);
    if (series === undefined) {
      series = {
        labels,
        count: countByCode(total, labels),
        duration: durations.with(labels),
        ownDuration: ownDurations.with(labels),
      };
      known.set(key, series);
    }
    return series;
  };
  const inFlight = { mutating: 0, readOnly: 0 };
  registry.gauge(
    {
      name: 'apiserver_current_inflight_requests',
      help: 'Number of requests under way, by kind.',
      labels: ['request_kind'],
    },
    () => [
      [['mutating'], inFlight.mutating],
      [['readOnly'], inFlight.readOnly],
    ],
  );
  const watches = new OpenWatches(registry);
  const filter: Filter = async (context, next) => {
    const kind = context.request.method === 'GET' || context.request.method === 'HEAD' ? 'readOnly' : 'mutating';
    const counted = !isLongRunning(context);
    if (counted) inFlight[kind]++;
    const begin = clock.monotonic();
    try {
      const response = await next(context);
      const series = seriesOf(labelsOf(context, isServed(context, resources)));
      series.count(response.status);
      if (counted) {
        const elapsedMs = clock.monotonic() - begin;
        series.duration(elapsedMs / 1000);
        if (!context.request.query.has('dryRun')) series.ownDuration(Math.max(0, elapsedMs - context.waitedMs) / 1000);
      }
      if (response.body.type !== 'watch') return response;
      return { ...response, body: whenBodyEnds(response.body, context.request.signal, watches.open(series.labels)) };
    } finally {
      if (counted) inFlight[kind]--;
    }
  };
  return { registry, filter };
}

/** What requests with the same labels are counted and measured by. */
interface RequestSeries {
  readonly labels: readonly string[];
  readonly count: (code: number) => void;
  readonly duration: (seconds: number) => void;
  /** Without what others took of it. */
  readonly ownDuration: (seconds: number) => void;
}

function countByCode(total: Counter, labels: readonly string[]): (code: number) => void {
  const counts = new Map<number, () => void>();
  return (code) => {
    let count = counts.get(code);
    if (count === undefined) counts.set(code, (count = total.with([...labels, String(code)])));
    count();
  };
}

/** Of the long-running requests the watches: the others end in ways that only their connections know. */
class OpenWatches {
  readonly #counts = new Map<string, { readonly labels: readonly string[]; count: number }>();

  constructor(registry: MetricRegistry) {
    registry.gauge(
      {
        name: 'apiserver_longrunning_requests',
        help: 'Gauge of all active watches broken out by verb, group, version, resource, scope and component.',
        labels: requestLabels,
      },
      () => [...this.#counts.values()].map(({ labels, count }) => [labels, count] as const),
    );
  }

  /** Counts one until the result is called. */
  open(labels: readonly string[]): () => void {
    const key = labels.join('/');
    const entry = this.#counts.get(key) ?? { labels, count: 0 };
    this.#counts.set(key, entry);
    entry.count++;
    return () => void entry.count--;
  }
}

function isServed({ info }: RequestContext, resources: Pick<ResourceTable, 'find'>): boolean {
  if (!info.isResourceRequest) return false;
  const served = resources.find(info.group, info.version, info.resource);
  if (served === undefined || info.subresource === '') return served !== undefined;
  return served.row.subresources.some(({ name }) => name === info.subresource);
}

function labelsOf({ info, request }: RequestContext, served: boolean): string[] {
  if (!served) return [methods.has(request.method) ? request.method : otherMethod, '', '', '', '', '', 'apiserver'];
  const verb = verbLabels[info.verb] ?? info.verb.toUpperCase();
  return [verb, info.group, info.version, info.resource, info.subresource, scopeOf(info), 'apiserver'];
}

const verbLabels: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  deletecollection: 'DELETECOLLECTION',
};

function scopeOf(info: RequestContext['info']): string {
  if (info.name !== '') return 'resource';
  return info.namespace === '' ? 'cluster' : 'namespace';
}
