import type { Clock } from '@coracle/apimachinery/clock';
import { badRequest, textOfError, timeout } from '@coracle/apimachinery/errors';
import { parseDuration } from '@coracle/apimachinery/quantity';
import type { ApiResponse } from '../http/api-request.ts';
import type { Filter, RequestContext } from './filter.ts';

/** Upper bound of a request that is not long-running, upstream's `--request-timeout`. */
export const requestTimeoutMs = 60_000;

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Requests that stay open on purpose: watches, streams to and from pods, those that are proxied. They have no deadline. */
export function isLongRunning(context: RequestContext): boolean {
  const { info } = context;
  return info.verb === 'watch' || info.verb === 'proxy' || longRunningSubresources.has(info.subresource);
}

/** Aborts a request's work after a minute. `?timeout=` shortens it, and a timeout that cannot be read is a bad request. */
export function deadlineFilter(clock: Clock): Filter {
  return async (context, next) => {
    if (isLongRunning(context)) return next(context);
    const limitMs = timeoutOf(context);
    const controller = new AbortController();
    const timer = clock.after(limitMs, () => controller.abort(timeout(timedOut, 0)));
    const outer = context.request.signal;
    const onAbort = () => controller.abort(outer.reason);
    if (outer.aborted) onAbort();
    else outer.addEventListener('abort', onAbort, { once: true });
    context.signal = controller.signal;
    context.timeoutMs = limitMs;
    try {
      return await raceWithSignal(next(context), controller.signal);
    } finally {
      timer.cancel();
      outer.removeEventListener('abort', onAbort);
    }
  };
}

function raceWithSignal(work: Promise<ApiResponse>, signal: AbortSignal): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

const timedOut = 'request did not complete within requested timeout - context deadline exceeded';

function timeoutOf(context: RequestContext): number {
  const text = context.request.query.size === 0 ? null : context.request.query.get('timeout');
  if (text === null || text === '') return requestTimeoutMs;
  try {
    const asked = parseDuration(text);
    return asked > 0 ? Math.min(asked, requestTimeoutMs) : requestTimeoutMs;
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${textOfError(error)}`);
  }
}
