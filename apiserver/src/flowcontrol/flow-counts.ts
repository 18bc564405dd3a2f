import type { RejectReason } from './seat-request.ts';

/** Told of single requests, for distributions. Durations in milliseconds. */
export interface FlowObserver {
  waited(durationMs: number, executed: boolean): void;
  executed(durationMs: number, watch: boolean): void;
  /** Requests in the queue, the new one included. */
  enqueued(queueLength: number): void;
  estimated(seats: number): void;
}

/** What is counted of one flow schema at one level. Plain numbers: the metrics read them when somebody asks. */
export class FlowCounts {
  readonly schemaName: string;
  readonly observer: FlowObserver;
  dispatched = 0;
  readonly rejected: Record<RejectReason, number> = { 'concurrency-limit': 0, 'queue-full': 0, 'time-out': 0 };
  inQueueRequests = 0;
  inQueueSeats = 0;
  executingRequests = 0;
  executingSeats = 0;
  noAccommodation = 0;

  constructor(schemaName: string, observer: FlowObserver) {
    this.schemaName = schemaName;
    this.observer = observer;
  }

  get isIdle(): boolean {
    return this.inQueueRequests === 0 && this.executingRequests === 0 && this.executingSeats === 0;
  }
}
