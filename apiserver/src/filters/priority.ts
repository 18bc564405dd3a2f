import { StatusError } from '@coracle/apimachinery/errors';
import type { Filter, RequestContext } from './filter.ts';
import { isLongRunning } from './deadline.ts';

/** Decides when a request may run. */
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
