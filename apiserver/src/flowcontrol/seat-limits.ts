import { allocateSeats } from './seat-allocation.ts';
import type { DemandStatistics } from './seat-demand.ts';

/** What the configuration says a level may use. Seats. */
export interface SeatLimits {
  readonly nominal: number;
  /** Nominal less what may be lent to others. */
  readonly lower: number;
  /** Nominal and what may be borrowed. */
  readonly upper: number;
}

export interface Shares {
  readonly shares: number;
  readonly lendablePercent: number;
  /** Absent: everything may be borrowed. */
  readonly borrowingLimitPercent?: number;
}

/** The limits of a level whose shares are among `sharesTotal` of a server of `serverSeats`. */
export function seatLimits(level: Shares, sharesTotal: number, serverSeats: number): SeatLimits {
  const nominal = sharesTotal === 0 ? 0 : Math.ceil((serverSeats * level.shares) / sharesTotal);
  const lendable = Math.round((nominal * level.lendablePercent) / 100);
  const { borrowingLimitPercent: percent } = level;
  const borrowed = percent === undefined ? serverSeats : Math.round((nominal * percent) / 100);
  return { nominal, lower: nominal - lendable, upper: nominal + borrowed };
}

export interface Borrower extends SeatLimits {
  readonly exempt: boolean;
  /** What it has now. Seats. */
  readonly current: number;
  readonly demand: DemandStatistics;
}

export interface Lending {
  /** One number a level, in their order. */
  readonly seats: readonly number[];
  readonly fairFraction: number;
}

/**
 * The seats that each level has from now on: what nobody needs is lent to who does. Exempt levels take what they want,
 * the others divide the rest in proportion to their demand, each within its bounds.
 * Source: KEP-1040 (borrowing), pkg/util/flowcontrol apf_controller.go updateBorrowing.
 */
export function lendSeats(levels: readonly Borrower[]): Lending {
  const limited = levels.filter(({ exempt }) => !exempt);
  const exempts = levels.filter(({ exempt }) => exempt);
  const give = (seatsOf: (level: Borrower) => number, fairFraction = 0): Lending => ({
    seats: levels.map((level) => (level.exempt ? floorOf(level) : seatsOf(level))),
    fairFraction,
  });
  const total = sum(levels, ({ nominal }) => nominal);
  const left = total - sum(exempts, floorOf);
  const lowers = sum(limited, ({ lower }) => lower);
  if (left <= lowers) return give(({ lower }) => lower);
  const floors = sum(limited, floorOf);
  if (left <= floors) {
    const fraction = (left - lowers) / (floors - lowers);
    return give((level) => level.lower + Math.round((floorOf(level) - level.lower) * fraction));
  }
  const claims = limited.map((level) => ({
    lowerBound: floorOf(level),
    upperBound: level.upper,
    target: targetOf(level),
  }));
  const allocation = allocateSeats(total, claims);
  if (allocation === undefined) return give(({ current }) => current);
  const { seats, fairFraction } = allocation;
  return give((level) => Math.round(seats[limited.indexOf(level)] ?? level.current), fairFraction);
}

/** What a level would have if there were enough for all. Seats, not rounded. */
export function targetOf(level: Borrower): number {
  return Math.max(floorOf(level), level.demand.smoothed);
}

/** What a level keeps whatever others want. */
function floorOf({ exempt, nominal, lower, demand }: Borrower): number {
  return Math.max(lower, exempt ? demand.highWatermark : Math.min(nominal, demand.highWatermark));
}

function sum(levels: readonly Borrower[], numberOf: (level: Borrower) => number): number {
  return levels.reduce((total, level) => total + numberOf(level), 0);
}
