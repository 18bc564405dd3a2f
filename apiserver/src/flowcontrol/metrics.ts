import type { LabelValues, MetricRegistry } from '../metrics/registry.ts';
import type { Configuration } from './configuration.ts';
import type { FlowCounts } from './flow-counts.ts';
import type { Level, ObserverOf } from './level.ts';

const flowLabels = ['flow_schema', 'priority_level'];
/** Seconds. */
const durationBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const queueLengthBounds = [0, 10, 25, 50, 100, 250, 500, 1000];
const seatBounds = [1, 2, 4, 8, 16, 32, 64, 100];

/**
 * Upstream's metrics of flow control, as far as they cost next to nothing: what changes with every request is counted by
 * who does it, and read when somebody asks. Source: pkg/util/flowcontrol/metrics. Returns what single requests are told to.
 */
export function flowMetrics(registry: MetricRegistry, current: () => Configuration): ObserverOf {
  describeFlows(registry, current);
  describeLevels(registry, current);
  const histogram = (name: string, help: string, labels: readonly string[], bounds: readonly number[]) =>
    registry.histogram({ name: `apiserver_flowcontrol_${name}`, help, labels }, bounds);
  const waits = histogram(
    'request_wait_duration_seconds',
    'Length of time a request spent waiting in its queue',
    ['execute', ...flowLabels],
    durationBounds,
  );
  const executions = histogram(
    'request_execution_seconds',
    'Duration of the initial stage (for a WATCH) or any stage (for others) of request execution',
    [...flowLabels, 'type'],
    durationBounds,
  );
  const lengths = histogram(
    'request_queue_length_after_enqueue',
    'Length of a queue as seen by each request after it is enqueued',
    flowLabels,
    queueLengthBounds,
  );
  const seats = histogram(
    'work_estimated_seats',
    'Number of estimated seats (maximum of initial and final seats) of requests',
    flowLabels,
    seatBounds,
  );
  return (levelName, schemaName) => {
    const flow = [schemaName, levelName];
    const waitOf = { true: waits.with(['true', ...flow]), false: waits.with(['false', ...flow]) };
    const executionOf = { regular: executions.with([...flow, 'regular']), watch: executions.with([...flow, 'watch']) };
    const length = lengths.with(flow);
    const estimate = seats.with(flow);
    return {
      waited: (durationMs, executed) => waitOf[executed ? 'true' : 'false'](durationMs / 1000),
      executed: (durationMs, watch) => executionOf[watch ? 'watch' : 'regular'](durationMs / 1000),
      enqueued: length,
      estimated: estimate,
    };
  };
}

/** One number of each flow. */
function describeFlows(registry: MetricRegistry, current: () => Configuration): void {
  const describe = (type: 'counter' | 'gauge', name: string, help: string, read: (counts: FlowCounts) => number) =>
    registry.read(type, { name: `apiserver_flowcontrol_${name}`, help, labels: flowLabels }, () =>
      flows(current()).map(({ labels, counts }) => [labels, read(counts)] as const),
    );
  describe('counter', 'dispatched_requests_total', 'Number of requests executed', ({ dispatched }) => dispatched);
  describe(
    'counter',
    'request_dispatch_no_accommodation_total',
    'Number of times a dispatch attempt found too few seats',
    ({ noAccommodation }) => noAccommodation,
  );
  describe('gauge', 'current_inqueue_requests', 'Number of requests pending in queues', (flow) => flow.inQueueRequests);
  describe('gauge', 'current_inqueue_seats', 'Number of seats pending in queues', ({ inQueueSeats }) => inQueueSeats);
  describe(
    'gauge',
    'current_executing_requests',
    'Number of requests in the initial (for a WATCH) or any (for others) execution stage',
    ({ executingRequests }) => executingRequests,
  );
  describe(
    'gauge',
    'current_executing_seats',
    'Number of seats occupied by the executing (initial stage for a WATCH, any stage otherwise) requests',
    ({ executingSeats }) => executingSeats,
  );
  registry.read(
    'counter',
    {
      name: 'apiserver_flowcontrol_rejected_requests_total',
      help: 'Number of requests rejected',
      labels: [...flowLabels, 'reason'],
    },
    () => flows(current()).flatMap(({ labels, counts }) => rejections(labels, counts)),
  );
}

function rejections(labels: LabelValues, { rejected }: FlowCounts): (readonly [LabelValues, number])[] {
  return Object.entries(rejected).flatMap(([reason, count]) => (count === 0 ? [] : [[[...labels, reason], count]]));
}

function flows({ levels }: Configuration): { readonly labels: LabelValues; readonly counts: FlowCounts }[] {
  return [...levels].flatMap((level) =>
    [...level.counts()].map((counts) => ({ labels: [counts.schemaName, level.name], counts })),
  );
}

/** One number of each level. */
function describeLevels(registry: MetricRegistry, current: () => Configuration): void {
  const describe = (name: string, help: string, read: (level: Level) => number) =>
    registry.gauge({ name: `apiserver_flowcontrol_${name}`, help, labels: ['priority_level'] }, () =>
      [...current().levels].map((level) => [[level.name], read(level)] as const),
    );
  const demand = (level: Level) => level.queueSet.demand.statistics;
  describe('nominal_limit_seats', 'Nominal number of execution seats', ({ limits }) => limits.nominal);
  describe('lower_limit_seats', 'Configured lower bound on execution seats', ({ limits }) => limits.lower);
  describe('upper_limit_seats', 'Configured upper bound on execution seats', ({ limits }) => limits.upper);
  describe('current_limit_seats', 'Current derived number of execution seats', ({ queueSet }) => queueSet.limit);
  describe('demand_seats_high_watermark', 'High watermark of seat demand', (level) => demand(level).highWatermark);
  describe('demand_seats_average', 'Time-weighted average of seat demand', (level) => demand(level).average);
  describe('demand_seats_stdev', 'Time-weighted standard deviation of seat demand', (level) => demand(level).deviation);
  describe('demand_seats_smoothed', 'Smoothed seat demand', (level) => demand(level).smoothed);
  describe('target_seats', 'Seat allocation targets', ({ target }) => target);
  registry.gauge(
    {
      name: 'apiserver_flowcontrol_seat_fair_frac',
      help: "Fair fraction of the server's concurrency to allocate to each priority level that can use it",
      labels: [],
    },
    () => [[[], current().fairFraction]],
  );
}
