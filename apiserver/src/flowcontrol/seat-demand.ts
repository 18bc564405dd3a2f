/** How much of the smoothed demand outlives one adjustment: half of it is gone after five minutes. */
const smoothing = 0.977;

export interface DemandStatistics {
  /** Seats over the last period. */
  average: number;
  deviation: number;
  highWatermark: number;
  /** Follows the demand up at once and down slowly. Seats. */
  smoothed: number;
}

/** Seats that a level could use, over time: what it occupies and what waits for it. */
export class SeatDemand {
  readonly statistics: DemandStatistics = { average: 0, deviation: 0, highWatermark: 0, smoothed: 0 };
  #seats = 0;
  #max = 0;
  #sinceMs: number;
  // Integrals over the period of 1, the demand, and its square.
  #duration = 0;
  #integral = 0;
  #squares = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** `nowMs` is monotonic time. */
  set(seats: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#seats = seats;
    if (seats > this.#max) this.#max = seats;
  }

  /** Ends a period and begins the next (pkg/util/flowcontrol apf_controller.go, seatDemandStats). */
  endPeriod(nowMs: number): DemandStatistics {
    this.#advance(nowMs);
    const { statistics } = this;
    statistics.highWatermark = this.#max;
    if (this.#duration > 0) {
      const average = this.#integral / this.#duration;
      const deviation = Math.sqrt(Math.max(0, this.#squares / this.#duration - average * average));
      const envelope = average + deviation;
      statistics.average = average;
      statistics.deviation = deviation;
      statistics.smoothed = Math.max(envelope, smoothing * statistics.smoothed + (1 - smoothing) * envelope);
    }
    this.#max = this.#seats;
    this.#duration = 0;
    this.#integral = 0;
    this.#squares = 0;
    return statistics;
  }

  #advance(nowMs: number): void {
    const elapsed = nowMs - this.#sinceMs;
    if (elapsed <= 0) return;
    this.#sinceMs = nowMs;
    const seatTime = this.#seats * elapsed;
    this.#duration += elapsed;
    this.#integral += seatTime;
    this.#squares += seatTime * this.#seats;
  }
}
