import { compareText } from '@coracle/apimachinery/json';
import { formatDuration } from '@coracle/apimachinery/quantity';
import type { PathHandler } from '../handlers/root.ts';
import { textResponse } from '../negotiation/object-response.ts';
import type { Configuration } from './configuration.ts';
import type { Level } from './level.ts';
import type { SeatRequest } from './seat-request.ts';
import { formatSeatSeconds } from './seat-seconds.ts';

type Row = readonly string[];

/** Idle queues of a level that are listed at most; there can be ten millions. */
const idleQueuesMax = 1024;

const prefix = '/debug/api_priority_and_fairness/';

/** What is in the queues, as tables (pkg/util/flowcontrol apf_controller_debug.go). `clockSkewMs`: wall less monotonic time. */
export function flowControlDumps(configuration: Configuration, clockSkewMs: () => number): PathHandler {
  return ({ info: { path }, request }) => {
    if (!path.startsWith(prefix)) return undefined;
    const levels = [...configuration.levels].sort((a, b) => compareText(a.name, b.name));
    switch (path.slice(prefix.length)) {
      case 'dump_priority_levels':
        return textResponse(table(levelColumns, levels.map(levelRow)));
      case 'dump_queues':
        return textResponse(table(queueColumns, levels.flatMap(queueRows)));
      case 'dump_requests': {
        const details = (request.query.get('includeRequestDetails') ?? '') !== '';
        const columns = details ? [...requestColumns, ...detailColumns] : requestColumns;
        const skewMs = clockSkewMs();
        const rows = levels.flatMap((level) => requestRows(level, skewMs));
        return textResponse(
          table(
            columns,
            rows.map((row) => row.slice(0, columns.length)),
          ),
        );
      }
      default:
        return undefined;
    }
  };
}

const levelColumns = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];

function levelRow({ name, quiescing, queueSet: { counts, queues, isIdle } }: Level): Row {
  const active = [...queues.values()].filter(({ length }) => length > 0).length;
  // Who waits for too long counts as cancelled, upstream as here.
  const timedOut = 0;
  const { waiting, executing, dispatched, rejected, cancelled } = counts;
  const numbers = [waiting, executing, dispatched, rejected, timedOut, cancelled];
  return [name, String(active), String(isIdle), String(quiescing), ...numbers.map(String)];
}

const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

function queueRows({ name, queuing, queueSet: { queues } }: Level): Row[] {
  const listed = typeof queuing === 'string' ? 0 : Math.min(queuing.queues, idleQueuesMax);
  const indexes = new Set([...Array(listed).keys(), ...queues.keys()]);
  return [...indexes].map((index) => {
    const queue = queues.get(index);
    const numbers = [queue?.length ?? 0, queue?.executing ?? 0, queue?.seatsInUse ?? 0].map(String);
    const sums = [queue?.initialSeatsWaiting ?? 0, queue?.seatsWaiting ?? 0].map(String);
    const dispatch = formatSeatSeconds(queue?.nextDispatchR ?? 0);
    return [name, String(index), ...numbers, dispatch, ...sums, formatSeatSeconds(queue?.workWaiting ?? 0)];
  });
}

const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];

function requestRows({ name, queueSet: { queues, executing } }: Level, skewMs: number): Row[] {
  const waiting = [...queues.values()].flatMap((queue) =>
    [...queue.waiting()].map((request, place) => requestRow(name, request, place, skewMs)),
  );
  return [...waiting, ...[...executing].map((request) => requestRow(name, request, -1, skewMs))];
}

function requestRow(levelName: string, request: SeatRequest, place: number, skewMs: number): Row {
  const { counts, distinguisher, queue, work, context } = request;
  const { info, user } = context;
  const version = info.group === '' ? info.version : `${info.group}/${info.version}`;
  return [
    levelName,
    counts.schemaName,
    String(queue?.index ?? -1),
    String(place),
    distinguisher,
    timeText(request.arrivedMs + skewMs),
    String(work.initialSeats),
    String(work.finalSeats),
    formatDuration(work.additionalLatencyMs),
    request.state === 'waiting' ? neverText : timeText(request.startedMs + skewMs),
    ...[user.username, info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource],
  ];
}

/** Go's zero time. */
const neverText = '0001-01-01T00:00:00Z';

/** RFC 3339 without trailing zeros. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** Columns of equal width, separated by commas, as Go's tabwriter makes them. */
function table(columns: Row, rows: readonly Row[]): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(8, ...lines.map((line) => (line[index]?.length ?? 0) + 2)));
  return lines.map((line) => `${line.map((cell, index) => pad(cell, index, line, widths)).join('')}\n`).join('');
}

function pad(cell: string, index: number, line: Row, widths: readonly number[]): string {
  return index === line.length - 1 ? cell : `${cell},`.padEnd(widths[index] ?? 0);
}
