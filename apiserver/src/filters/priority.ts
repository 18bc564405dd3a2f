import { StatusError } from '@coracle/apimachinery/errors';
import type { Filter, RequestContext } from './filter.ts';
import { isLongRunning } from './deadline.ts';

/** Decides when a request may run; API priority and fairness is a second implementation of it. */
export interface FlowControl {
  /** A seat for the request, which gives it back when the answer is made; undefined turns the request away with 429. */
  acquire(context: RequestContext): Seat | undefined | Promise<Seat | undefined>;
}

export interface Seat {
  /** Extra answer headers: `X-Kubernetes-PF-FlowSchema-UID`. */
  readonly headers?: Readonly<Record<string, string>>;
  release(): void;
}

/** Seconds a refused client is asked to wait. */
const retryAfterSeconds = 1;

/** Lets through what flow control has room for. Long-running requests and system:masters take no seat. */
export function priorityFilter(flowControl: FlowControl): Filter {
  return async (context, next) => {
    if (isLongRunning(context) || context.user.groups.includes('system:masters')) return next(context);
    let seat = flowControl.acquire(context);
    if (seat instanceof Promise) seat = await seat;
    if (seat === undefined) throw tooManyRequests();
    try {
      const response = await next(context);
      return seat.headers === undefined ? response : { ...response, headers: { ...seat.headers, ...response.headers } };
    } finally {
      seat.release();
    }
  };
}

/** Upstream's `--max-requests-inflight` and `--max-mutating-requests-inflight`. */
export const readsInFlightMax = 400;
export const writesInFlightMax = 200;

const readVerbs = new Set(['get', 'list', 'watch']);

/** The simplest flow control: so many reads and so many writes at once, no queue. */
export function maxInFlight(reads = readsInFlightMax, writes = writesInFlightMax): FlowControl {
  const inFlight = { reads: 0, writes: 0 };
  const seatOf = (kind: 'reads' | 'writes'): Seat => ({
    release: () => {
      inFlight[kind]--;
    },
  });
  const seats = { reads: seatOf('reads'), writes: seatOf('writes') };
  const limits = { reads, writes };
  return {
    acquire(context) {
      const kind = readVerbs.has(context.info.verb) ? 'reads' : 'writes';
      if (inFlight[kind] >= limits[kind]) return undefined;
      inFlight[kind]++;
      return seats[kind];
    },
  };
}

function tooManyRequests(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Too many requests, please try again later.',
    reason: 'TooManyRequests',
    details: { retryAfterSeconds },
    code: 429,
  });
}
