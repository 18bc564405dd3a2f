import type { Clock } from '@coracle/apimachinery/clock';
import { StatusError } from '@coracle/apimachinery/errors';
import type { ApiResponse } from '../http/api-request.ts';
import type { Filter, RequestContext } from './filter.ts';

/** Upper bound of a request that is not long-running, upstream's `--request-timeout`. */
export const requestTimeoutMs = 60_000;

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Requests that stay open on purpose: watches, streams to pods, profiles. They have no deadline and hold no slot. */
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
    const timer = clock.after(limitMs, () => controller.abort(timedOut()));
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

function timedOut(): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within requested timeout - context deadline exceeded',
    reason: 'Timeout',
    details: {},
    code: 504,
  });
}

function timeoutOf(context: RequestContext): number {
  const text = context.request.query.size === 0 ? null : context.request.query.get('timeout');
  if (text === null || text === '') return requestTimeoutMs;
  const asked = parseGoDuration(text);
  if (asked === undefined) {
    throw new StatusError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'invalid timeout specified in the request URL',
      reason: 'BadRequest',
      code: 400,
    });
  }
  return asked === 0 ? requestTimeoutMs : Math.min(asked, requestTimeoutMs);
}

const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Milliseconds of a Go duration such as `1m30s`; undefined where it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)/g)) {
    total += Number(amount) * (unitMs[unit as string] as number);
  }
  return total;
}
