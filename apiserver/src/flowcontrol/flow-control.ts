import type { Clock } from '@coracle/apimachinery/clock';
import type { Environment, Logger } from '@coracle/apimachinery/component';
import { FlowSchemas, PriorityLevelConfigurations } from '@coracle/apimachinery/resources';
import type { RequestContext } from '../filters/filter.ts';
import type { FlowControl, Turn } from '../filters/priority.ts';
import type { MetricRegistry } from '../metrics/registry.ts';
import type { Readers } from '../registry/readers.ts';
import { Configuration } from './configuration.ts';
import type { Flow, SchemaObject } from './flow.ts';
import { type LevelObject, nameOf } from './level.ts';
import { flowMetrics } from './metrics.ts';
import { SeatRequest } from './seat-request.ts';
import { WatchCounts } from './watch-counts.ts';
import { estimateWork, type EstimateSources } from './work-estimate.ts';

/** Of the time that a request may take, it waits for a seat at most this part. */
const waitPart = 1 / 4;
/** For requests without a limit of their own: watches. Milliseconds. */
const requestTimeoutMs = 60_000;
/** Seats are lent anew this often. Milliseconds. */
const adjustmentMs = 10_000;

export interface FlowControlDependencies {
  readonly environment: Pick<Environment, 'clock' | 'log'>;
  readonly metrics: MetricRegistry;
  readonly statistics: EstimateSources['statistics'];
  /** Seats of the whole server. */
  readonly serverSeats: number;
}

/**
 * API priority and fairness: flow schemas say which level a request is of, levels say how many run at once and in whose
 * turn (KEP-1040). Where no object is known yet the mandatory ones hold.
 */
export class PriorityAndFairness implements FlowControl {
  readonly configuration: Configuration;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #watches = new WatchCounts();
  readonly #sources: EstimateSources;
  readonly #schemas = new Map<string, SchemaObject>();
  readonly #levels = new Map<string, LevelObject>();
  #digesting = false;
  #onDigest: () => void = () => {};

  constructor({ environment: { clock, log }, metrics, statistics, serverSeats }: FlowControlDependencies) {
    this.#clock = clock;
    this.#log = log;
    this.#sources = { statistics, watches: (info) => this.#watches.interestedIn(info) };
    this.configuration = new Configuration({
      clock,
      serverSeats,
      observerOf: flowMetrics(metrics, () => this.configuration),
      onIdle: () => this.#digestSoon(),
    });
  }

  /** Resolves once the objects of the cluster are in force. */
  async start(readers: Readers, signal: AbortSignal): Promise<void> {
    this.#adjustAgain(signal);
    await readers.follow<LevelObject>(
      PriorityLevelConfigurations,
      (change) => this.#note(this.#levels, change),
      signal,
    );
    await readers.follow<SchemaObject>(FlowSchemas, (change) => this.#note(this.#schemas, change), signal);
    this.#digest();
  }

  /** Schemas as they are stored, told anew after every change of schemas or levels. */
  onDigest(listener: () => void): void {
    this.#onDigest = listener;
  }

  get schemas(): Iterable<SchemaObject> {
    return this.#schemas.values();
  }

  begin(context: RequestContext): Turn {
    const flow = this.configuration.flowOf(context.user, context.info);
    const { level, counts } = flow;
    const work = estimateWork(context.info, context.request.query, level.requestSeatsMax, this.#sources);
    const distinguisher = flow.distinguisherOf(context.user, context.info);
    const request = new SeatRequest(counts, distinguisher, work, this.#clock.monotonic(), context);
    counts.observer.estimated(request.seats);
    level.queueSet.start(request, flow.handOf(distinguisher));
    return new SeatTurn(
      flow,
      request,
      this.#clock,
      request.state === 'waiting' ? this.#wait(flow, request) : undefined,
    );
  }

  watchOpened({ info, request }: RequestContext): () => void {
    return this.#watches.register(info, request.query);
  }

  /** Resolves once the request is executed or turned away: because its turn has come, its time is up, or its client went. */
  #wait({ level: { queueSet } }: Flow, request: SeatRequest): Promise<void> {
    const { signal, timeoutMs = requestTimeoutMs } = request.context;
    const leave = () => queueSet.cancel(request);
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs * waitPart, leave);
      request.decided = () => {
        timer.cancel();
        signal.removeEventListener('abort', leave);
        resolve();
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  #note<T extends LevelObject | SchemaObject>(
    known: Map<string, T>,
    { type, object }: { readonly type: 'set' | 'removed'; readonly object: T },
  ): void {
    // One without a spec says nothing; only somebody who writes to the store itself can make it.
    if (type === 'set' && object.spec !== undefined) known.set(nameOf(object), object);
    else known.delete(nameOf(object));
    this.#digestSoon();
  }

  /** Changes that come together are taken in together. */
  #digestSoon(): void {
    if (this.#digesting) return;
    this.#digesting = true;
    queueMicrotask(() => this.#digest());
  }

  #digest(): void {
    this.#digesting = false;
    try {
      this.configuration.digest([...this.#levels.values()], [...this.#schemas.values()]);
    } catch (error) {
      // Every request comes through here: what was in force stays so.
      this.#log.error('flow schemas and priority levels cannot be taken in', { error });
      return;
    }
    this.#onDigest();
  }

  #adjustAgain(signal: AbortSignal): void {
    const adjust = () => {
      this.configuration.adjust();
      this.#adjustAgain(signal);
    };
    void this.#clock.sleep(adjustmentMs, signal).then(adjust, () => {});
  }
}

/** A request's place at its level, as the filter sees it. */
class SeatTurn implements Turn {
  readonly wait: Promise<void> | undefined;
  readonly #flow: Flow;
  readonly #request: SeatRequest;
  readonly #clock: Clock;

  constructor(flow: Flow, request: SeatRequest, clock: Clock, wait: Promise<void> | undefined) {
    this.#flow = flow;
    this.#request = request;
    this.#clock = clock;
    this.wait = wait;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#flow.headers;
  }

  decide(): boolean {
    const { state, arrivedMs, counts } = this.#request;
    const admitted = state === 'executing';
    if (!this.#flow.level.exempt) {
      const waitedMs = this.wait === undefined ? 0 : this.#clock.monotonic() - arrivedMs;
      counts.observer.waited(waitedMs, admitted);
    }
    return admitted;
  }

  retryAfterSeconds(): number {
    return this.#flow.level.retryAfter.note(Math.floor(this.#clock.now() / 1000));
  }

  release(): void {
    const { state, counts, context } = this.#request;
    if (state !== 'executing') return;
    const serviceMs = this.#flow.level.queueSet.finish(this.#request);
    counts.observer.executed(serviceMs, context.info.verb === 'watch');
  }
}
