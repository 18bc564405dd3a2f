import { durationMsOf, type SeatSeconds, seatSeconds } from './seat-seconds.ts';

/** What a request is thought to cost, besides the time until its answer is made (KEP-1040, width of requests). */
export interface WorkEstimate {
  /** Seats while the request runs. */
  readonly initialSeats: number;
  /** Seats afterwards, while what it changed is told to watchers. */
  readonly finalSeats: number;
  /** How long these are kept. Nobody waits for it. Milliseconds. */
  readonly additionalLatencyMs: number;
}

/** How long a request is thought to run before anything is known of it. Milliseconds. */
export const serviceTimeMs = 3;

/** A request takes the larger of its two numbers of seats from the beginning to the end. */
export function seatsOf({ initialSeats, finalSeats }: WorkEstimate): number {
  return Math.max(initialSeats, finalSeats);
}

export function totalWorkOf(work: WorkEstimate): SeatSeconds {
  return seatSeconds(work.initialSeats, serviceTimeMs) + seatSeconds(work.finalSeats, work.additionalLatencyMs);
}

/** The same work on at most `limit` final seats, for longer. */
export function narrowed(work: WorkEstimate, limit: number): WorkEstimate {
  if (work.finalSeats <= limit) return work;
  const finalWork = seatSeconds(work.finalSeats, work.additionalLatencyMs);
  return { ...work, finalSeats: limit, additionalLatencyMs: durationMsOf(finalWork, limit) };
}
