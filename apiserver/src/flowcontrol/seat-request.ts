import type { RequestContext } from '../filters/filter.ts';
import type { FairQueue } from './fair-queue.ts';
import type { FlowCounts } from './flow-counts.ts';
import type { SeatSeconds } from './seat-seconds.ts';
import { narrowed, seatsOf, totalWorkOf, type WorkEstimate } from './work.ts';

export type RejectReason = 'concurrency-limit' | 'queue-full' | 'time-out';

/** One request on its way through the queues of its level. Only the QueueSet writes to it. */
export class SeatRequest {
  /** Of the flow schema and level it belongs to. */
  readonly counts: FlowCounts;
  readonly distinguisher: string;
  readonly context: RequestContext;
  /** Monotonic milliseconds. */
  readonly arrivedMs: number;
  work: WorkEstimate;
  /** That it takes, or will. */
  seats: number;
  readonly totalWork: SeatSeconds;
  state: 'waiting' | 'executing' | 'finished' | 'rejected' = 'waiting';
  reason: RejectReason | undefined;
  startedMs = 0;
  /** Virtual time of its arrival. */
  arrivalR: SeatSeconds = 0;
  /** Absent where its level has no queues. */
  queue: FairQueue | undefined;
  /** Neighbours in the queue. */
  before: SeatRequest | undefined;
  after: SeatRequest | undefined;
  /** Called once it has waited long enough: it runs, or is rejected. */
  decided: (() => void) | undefined;

  constructor(
    counts: FlowCounts,
    distinguisher: string,
    work: WorkEstimate,
    arrivedMs: number,
    context: RequestContext,
  ) {
    this.context = context;
    this.counts = counts;
    this.distinguisher = distinguisher;
    this.work = work;
    this.arrivedMs = arrivedMs;
    this.seats = seatsOf(work);
    this.totalWork = totalWorkOf(work);
  }

  /** Takes no more seats at its end than there are; the work stays the same. */
  narrow(limit: number): void {
    if (this.work.finalSeats <= limit) return;
    this.work = narrowed(this.work, limit);
    this.seats = seatsOf(this.work);
  }
}
