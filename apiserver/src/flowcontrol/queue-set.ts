import type { Clock } from '@coracle/apimachinery/clock';
import { FairQueue } from './fair-queue.ts';
import { SeatDemand } from './seat-demand.ts';
import type { RejectReason, SeatRequest } from './seat-request.ts';
import { type SeatSeconds, seatSeconds } from './seat-seconds.ts';
import { serviceTimeMs } from './work.ts';

/** `none`: who finds no seat is rejected. `exempt`: there is always a seat. */
export type Queuing = 'none' | 'exempt' | Queues;

export interface Queues {
  readonly queues: number;
  readonly handSize: number;
  /** Requests that wait in one queue at most. */
  readonly queueLengthLimit: number;
}

/** Now, and since the level is there. */
export interface QueueSetCounts {
  waiting: number;
  executing: number;
  seatsInUse: number;
  seatsWaiting: number;
  dispatched: number;
  rejected: number;
  cancelled: number;
}

/**
 * The seats of one level and the queues before them: fair queuing for requests whose length nobody knows before. Virtual
 * time R grows by the seat-seconds that each busy queue has had its fair chance of; next is the request that would have
 * been finished first if the seats had been divided so. Source: KEP-1040, pkg/util/flowcontrol/fairqueuing/queueset/doc.go.
 *
 * Queues exist while something is in them, so that neither many queues nor many flows cost anything while they are idle.
 */
export class QueueSet {
  readonly counts: QueueSetCounts = {
    waiting: 0,
    executing: 0,
    seatsInUse: 0,
    seatsWaiting: 0,
    dispatched: 0,
    rejected: 0,
    cancelled: 0,
  };
  readonly demand: SeatDemand;
  readonly executing = new Set<SeatRequest>();
  readonly queues = new Map<number, FairQueue>();
  /** Called whenever nothing waits or runs any more. */
  readonly onIdle: () => void;
  readonly #clock: Clock;
  #queuing: Queuing;
  #limit = 0;
  /** Virtual time: seat-seconds that each busy queue was due since the beginning. */
  #currentR: SeatSeconds = 0;
  #syncedMs: number;
  #busyQueues = 0;
  /** Of the requests that came through queues. */
  #queuedSeatsInUse = 0;
  #lastDispatched = 0;
  #enqueued = 0;

  constructor(clock: Clock, queuing: Queuing, onIdle: () => void = () => {}) {
    this.#clock = clock;
    this.#queuing = queuing;
    this.#syncedMs = clock.monotonic();
    this.demand = new SeatDemand(this.#syncedMs);
    this.onIdle = onIdle;
  }

  /** Seats. */
  get limit(): number {
    return this.#limit;
  }

  get isIdle(): boolean {
    return this.counts.waiting === 0 && this.counts.executing === 0;
  }

  /** Requests stay in the queues they are in, also in those that are too many now. */
  configure(queuing: Queuing, limit: number): void {
    const now = this.#sync();
    this.#queuing = queuing;
    this.#limit = limit;
    this.#dispatch(now);
  }

  /** Gives the request a seat, a place in one of its flow's queues (`hand`), or neither. Look at its `state`. */
  start(request: SeatRequest, hand: readonly number[]): void {
    const now = this.#sync(request.arrivedMs);
    const queuing = this.#queuing;
    if (typeof queuing === 'string') {
      if (queuing !== 'exempt' && !this.#hasRoomFor(request)) this.#reject(request, 'concurrency-limit');
      else this.#execute(request, undefined, now);
      return;
    }
    const queue = this.#pickQueue(hand);
    if (queue.isIdle) {
      queue.nextDispatchR = this.#currentR;
      this.#busyQueues++;
    }
    if (this.counts.waiting === 0 && this.counts.seatsInUse < this.#limit && this.#hasRoomFor(request)) {
      queue.nextDispatchR = Math.max(queue.nextDispatchR, this.#currentR);
      request.counts.observer.enqueued(1);
      this.#execute(request, queue, now);
      return;
    }
    if (this.counts.seatsInUse >= this.#limit && queue.length >= queuing.queueLengthLimit) {
      this.#settle(queue);
      this.#reject(request, 'queue-full');
      return;
    }
    this.#enqueue(request, queue, now);
    this.#dispatch(now);
  }

  /** Takes a request that still waits out of its queue; it counts as timed out. */
  cancel(request: SeatRequest): void {
    const { queue } = request;
    if (request.state !== 'waiting' || queue === undefined) return;
    const now = this.#sync();
    this.#leaveQueue(request, queue);
    this.counts.cancelled++;
    this.#reject(request, 'time-out');
    this.#settle(queue);
    this.#dispatch(now);
    this.#tellDemand(now);
    request.decided?.();
    if (this.isIdle) this.onIdle();
  }

  /** The request is answered. Its seats are free once its additional latency is over. Returns how long it ran: milliseconds. */
  finish(request: SeatRequest): number {
    const now = this.#sync();
    const serviceMs = now - request.startedMs;
    if (request.state !== 'executing') return serviceMs;
    request.state = 'finished';
    const { queue } = request;
    this.counts.executing--;
    request.counts.executingRequests--;
    this.executing.delete(request);
    if (queue !== undefined) {
      queue.executing--;
      queue.nextDispatchR -= seatSeconds(request.work.initialSeats, serviceTimeMs - serviceMs);
      bound(queue);
      if (queue.isIdle) this.#busyQueues--;
    }
    const { additionalLatencyMs } = request.work;
    if (additionalLatencyMs > 0) {
      this.#clock.after(additionalLatencyMs, () => {
        const later = this.#sync();
        this.#releaseSeats(request, later);
        this.#dispatch(later);
      });
    } else {
      this.#releaseSeats(request, now);
    }
    this.#dispatch(now);
    if (this.isIdle) this.onIdle();
    return serviceMs;
  }

  /** Brings virtual time up to now, as what has held since the last time. Monotonic milliseconds. */
  #sync(now: number = this.#clock.monotonic()): number {
    const elapsed = now - this.#syncedMs;
    this.#syncedMs = now;
    if (this.#busyQueues > 0 && elapsed > 0) {
      const wanted = Math.min(this.#queuedSeatsInUse + this.counts.seatsWaiting, this.#limit);
      this.#currentR += seatSeconds(wanted / this.#busyQueues, elapsed);
    }
    return now;
  }

  /** The queue of the hand with the least work in it, beginning each time with another one. */
  #pickQueue(hand: readonly number[]): FairQueue {
    const offset = this.#enqueued++ % hand.length;
    let best = hand[offset] as number;
    let leastWork = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < hand.length && leastWork > 0; turn++) {
      const index = hand[(offset + turn) % hand.length] as number;
      const work = this.queues.get(index)?.workWaiting ?? 0;
      if (work >= leastWork) continue;
      leastWork = work;
      best = index;
    }
    let queue = this.queues.get(best);
    if (queue === undefined) {
      queue = new FairQueue(best);
      this.queues.set(best, queue);
    }
    return queue;
  }

  #enqueue(request: SeatRequest, queue: FairQueue, now: number): void {
    request.arrivalR = this.#currentR;
    request.queue = queue;
    queue.add(request);
    bound(queue);
    request.counts.observer.enqueued(queue.length);
    this.counts.waiting++;
    this.counts.seatsWaiting += request.seats;
    request.counts.inQueueRequests++;
    request.counts.inQueueSeats += request.seats;
    this.#tellDemand(now);
  }

  #leaveQueue(request: SeatRequest, queue: FairQueue): void {
    queue.remove(request);
    bound(queue);
    this.counts.waiting--;
    this.counts.seatsWaiting -= request.seats;
    request.counts.inQueueRequests--;
    request.counts.inQueueSeats -= request.seats;
  }

  #dispatch(now: number): void {
    while (this.counts.waiting > 0 && this.counts.seatsInUse < this.#limit) {
      const queue = this.#nextQueue();
      const request = queue?.oldest;
      if (queue === undefined || request === undefined) return;
      if (!this.#hasRoomFor(request)) {
        request.counts.noAccommodation++;
        return;
      }
      this.#leaveQueue(request, queue);
      this.#execute(request, queue, now);
      request.decided?.();
    }
  }

  /** Whose oldest request would be finished first; of several, the one that comes first after the last dispatched. */
  #nextQueue(): FairQueue | undefined {
    let best: FairQueue | undefined;
    let bestFinish = Number.POSITIVE_INFINITY;
    let bestDistance = 0;
    for (const queue of this.queues.values()) {
      if (queue.oldest === undefined) continue;
      const finish = queue.nextDispatchR + queue.oldest.totalWork;
      const distance = this.#distanceTo(queue.index);
      if (finish > bestFinish || (finish === bestFinish && distance > bestDistance)) continue;
      best = queue;
      bestFinish = finish;
      bestDistance = distance;
    }
    return best;
  }

  /** Steps from the queue dispatched last to this one, around the circle of all. */
  #distanceTo(index: number): number {
    return index > this.#lastDispatched ? index - this.#lastDispatched : Number.MAX_SAFE_INTEGER / 2 + index;
  }

  #execute(request: SeatRequest, queue: FairQueue | undefined, now: number): void {
    request.state = 'executing';
    request.startedMs = now;
    request.queue = queue;
    this.executing.add(request);
    if (queue !== undefined) {
      request.narrow(this.#limit);
      queue.executing++;
      queue.seatsInUse += request.seats;
      queue.nextDispatchR += request.totalWork;
      bound(queue);
      this.#queuedSeatsInUse += request.seats;
      this.#lastDispatched = queue.index;
    }
    this.counts.executing++;
    this.counts.dispatched++;
    this.counts.seatsInUse += request.seats;
    request.counts.dispatched++;
    request.counts.executingRequests++;
    request.counts.executingSeats += request.seats;
    this.#tellDemand(now);
  }

  #reject(request: SeatRequest, reason: RejectReason): void {
    request.state = 'rejected';
    request.reason = reason;
    request.counts.rejected[reason]++;
    this.counts.rejected++;
  }

  #releaseSeats(request: SeatRequest, now: number): void {
    const { queue, seats } = request;
    this.counts.seatsInUse -= seats;
    request.counts.executingSeats -= seats;
    if (queue !== undefined) {
      queue.seatsInUse -= seats;
      this.#queuedSeatsInUse -= seats;
      if (queue.isIdle && queue.seatsInUse === 0) this.queues.delete(queue.index);
    }
    this.#tellDemand(now);
  }

  /** After a request has left a queue without being executed. */
  #settle(queue: FairQueue): void {
    if (!queue.isIdle) return;
    this.#busyQueues--;
    if (queue.seatsInUse === 0) this.queues.delete(queue.index);
  }

  #hasRoomFor({ seats }: SeatRequest): boolean {
    // Wider than everything there is: it runs alone.
    if (seats > this.#limit) return this.counts.executing === 0;
    return this.counts.seatsInUse + seats <= this.#limit;
  }

  #tellDemand(now: number): void {
    this.demand.set(this.counts.seatsInUse + this.counts.seatsWaiting, now);
  }
}

/** Nobody starts before its arrival: a queue does not save up what it could not use. */
function bound(queue: FairQueue): void {
  const { oldest } = queue;
  if (oldest !== undefined && queue.nextDispatchR < oldest.arrivalR) queue.nextDispatchR = oldest.arrivalR;
}
