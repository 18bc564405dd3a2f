import type { Clock } from '@coracle/apimachinery/clock';
import type { ApiResponse } from '../http/api-request.ts';
import { textResponse } from '../negotiation/object-response.ts';
import { isLongRunning } from './deadline.ts';
import type { Filter, Handler, RequestContext } from './filter.ts';
import { whenBodyEnds } from './when-body-ends.ts';

/** Decides when a request may run. */
export interface FlowControl {
  /** Gets the request a seat, a place in a queue, or neither. */
  begin(context: RequestContext): Turn;
  /** Counts a watch that is open until the result is called. */
  watchOpened(context: RequestContext): () => void;
}

/** One request's turn. */
export interface Turn {
  /** Of the answer, whatever it is. */
  readonly headers: Readonly<Record<string, string>>;
  /** Resolves when it is known whether the request may run; absent where that is known already. */
  readonly wait: Promise<void> | undefined;
  /** Whether the request may run. Asked once. */
  decide(): boolean;
  /** How long a client that is turned away is asked to wait. Asked once. */
  retryAfterSeconds(): number;
  /** Gives the seat back. May be called more than once. */
  release(): void;
}

/**
 * Lets requests run when flow control has a seat for them. Who needs none says a flow schema, `exempt` among them; only
 * streams to pods and nodes (exec, attach, port-forward, proxy, logs) are none of its business. A watch keeps its seat until
 * it has told its initial events. Source: k8s.io/apiserver pkg/server/filters/priority-and-fairness.go.
 *
 * Components in this process come through here like everybody else, each under its own name. What the server does for
 * itself without a request (`Readers`, `Writers`) does not.
 */
export function priorityFilter(flowControl: FlowControl, clock: Pick<Clock, 'monotonic'>): Filter {
  return async (context, next) => {
    const isWatch = context.info.verb === 'watch';
    if (!isWatch && isLongRunning(context)) return next(context);
    const turn = flowControl.begin(context);
    context.flowHeaders = turn.headers;
    if (turn.wait !== undefined) {
      const begin = clock.monotonic();
      await turn.wait;
      context.waitedMs += clock.monotonic() - begin;
    }
    if (!turn.decide()) return tooManyRequests(turn.retryAfterSeconds());
    if (isWatch) return runWatch(context, next, turn, flowControl.watchOpened(context));
    return run(context, next, turn);
  };
}

/** The seat is free again once the answer is sent: who does not take what was asked for holds up nobody but itself. */
async function run(context: RequestContext, next: Handler, turn: Turn): Promise<ApiResponse> {
  const { whenSent, signal } = context.request;
  const release = () => turn.release();
  try {
    const response = await next(context);
    const { body } = response;
    if (body.type === 'bytes' && whenSent !== undefined) whenSent(release);
    else if (body.type === 'bytes' || body.type === 'empty') release();
    else return { ...response, body: whenBodyEnds(body, signal, release) };
    return response;
  } catch (error) {
    release();
    throw error;
  }
}

/** The seat is free again once the initial events are told; it counts as a watch until it ends, or nobody reads it. */
async function runWatch(context: RequestContext, next: Handler, turn: Turn, forget: () => void): Promise<ApiResponse> {
  const { signal } = context.request;
  const ended = () => {
    turn.release();
    forget();
  };
  context.watchInitialized = () => turn.release();
  try {
    const response = await next(context);
    const { body } = response;
    // Another server's watch, or a refusal.
    if (body.type !== 'watch') turn.release();
    return { ...response, body: whenBodyEnds(body, signal, ended) };
  } catch (error) {
    ended();
    throw error;
  }
}

function tooManyRequests(retryAfterSeconds: number): ApiResponse {
  const response = textResponse('Too many requests, please try again later.\n', 429);
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}
