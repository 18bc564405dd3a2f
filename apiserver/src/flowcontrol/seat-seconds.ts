/**
 * Work, in units of 1e-8 seat-seconds: whole numbers, so that equal amounts compare as equal however they came about
 * (k8s.io/apiserver pkg/util/flowcontrol/request/seat_seconds.go).
 */
export type SeatSeconds = number;

const unitsPerSecond = 1e8;
const unitsPerMs = unitsPerSecond / 1000;

export function seatSeconds(seats: number, durationMs: number): SeatSeconds {
  return Math.round(seats * durationMs * unitsPerMs);
}

/** How long `seats` seats are at it. Milliseconds. */
export function durationMsOf(work: SeatSeconds, seats: number): number {
  return work / seats / unitsPerMs;
}

/** As upstream prints it: `0.00300000ss`. */
export function formatSeatSeconds(work: SeatSeconds): string {
  return `${(work / unitsPerSecond).toFixed(8)}ss`;
}
