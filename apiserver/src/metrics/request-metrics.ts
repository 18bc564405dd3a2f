import type { Clock } from '@coracle/apimachinery/clock';
import type { Filter, RequestContext } from '../filters/filter.ts';
import { isLongRunning } from '../filters/deadline.ts';
import { whenBodyEnds } from '../filters/when-body-ends.ts';
import type { ResourceTable } from '../registry/served-resource.ts';
import { MetricRegistry } from './registry.ts';

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
      const labels = labelsOf(context, isServed(context, resources));
      total.add([...labels, String(response.status)]);
      if (counted) durations.observe(labels, (clock.monotonic() - begin) / 1000);
      if (response.body.type !== 'watch') return response;
      return { ...response, body: whenBodyEnds(response.body, context.request.signal, watches.open(labels)) };
    } finally {
      if (counted) inFlight[kind]--;
    }
  };
  return { registry, filter };
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
