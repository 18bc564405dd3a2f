import type { SeatSeconds } from './seat-seconds.ts';
import type { SeatRequest } from './seat-request.ts';

/** One queue of a level: who waits in it, in order of arrival, and what its requests occupy. Exists while there are any. */
export class FairQueue {
  readonly index: number;
  /** Virtual time at which the next request would start if every queue had its fair share. */
  nextDispatchR: SeatSeconds = 0;
  /** Requests of this queue that run. */
  executing = 0;
  seatsInUse = 0;
  /** Of those that wait. */
  length = 0;
  seatsWaiting = 0;
  initialSeatsWaiting = 0;
  workWaiting: SeatSeconds = 0;
  oldest: SeatRequest | undefined;
  #newest: SeatRequest | undefined;

  constructor(index: number) {
    this.index = index;
  }

  /** Nobody waits and nobody runs; seats of finished requests may still be in use. */
  get isIdle(): boolean {
    return this.length === 0 && this.executing === 0;
  }

  add(request: SeatRequest): void {
    request.before = this.#newest;
    if (this.#newest === undefined) this.oldest = request;
    else this.#newest.after = request;
    this.#newest = request;
    this.#count(request, 1);
  }

  remove(request: SeatRequest): void {
    const { before, after } = request;
    if (before === undefined) this.oldest = after;
    else before.after = after;
    if (after === undefined) this.#newest = before;
    else after.before = before;
    request.before = undefined;
    request.after = undefined;
    this.#count(request, -1);
  }

  *waiting(): Iterable<SeatRequest> {
    for (let request = this.oldest; request !== undefined; request = request.after) yield request;
  }

  #count(request: SeatRequest, sign: 1 | -1): void {
    this.length += sign;
    this.seatsWaiting += sign * request.seats;
    this.initialSeatsWaiting += sign * request.work.initialSeats;
    this.workWaiting += sign * request.totalWork;
  }
}
