import {
  amountOf,
  conditionOf,
  type PressureCondition,
  type Signal,
  type StarvedResource,
  resourceOf,
  type Threshold,
} from './thresholds.ts';

/** What was measured: bytes, inodes or processes. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

/** A signal that could not be measured is absent and crosses no threshold. */
export type Observations = ReadonlyMap<Signal, Observation>;

/** What one look at the node hands to the next. */
export interface PressureState {
  /** Since when each threshold has been crossed, milliseconds. */
  readonly crossedAt: ReadonlyMap<Threshold, number>;
  /** When each condition was last seen. */
  readonly seenAt: ReadonlyMap<PressureCondition, number>;
  /** Thresholds that drove evictions and wait for their minimum reclaim. */
  readonly driving: readonly Threshold[];
}

export const calm: PressureState = { crossedAt: new Map(), seenAt: new Map(), driving: [] };

export interface PressureJudgement {
  readonly state: PressureState;
  /** What the node reports: also what has been over for less than the transition period. */
  readonly conditions: ReadonlySet<PressureCondition>;
  /** Crossed, and past their grace period; memory first, as it is the quickest to hurt. */
  readonly starved: readonly Threshold[];
}

/** Pure: upstream's `synchronize` up to the choice of a resource (eviction_manager.go). */
export function judgePressure(
  thresholds: readonly Threshold[],
  before: PressureState,
  observations: Observations,
  { now, transitionMs }: { readonly now: number; readonly transitionMs: number },
): PressureJudgement {
  const crossed = new Set(thresholds.filter((one) => isCrossed(one, observations, false)));
  for (const one of before.driving) if (isCrossed(one, observations, true)) crossed.add(one);
  const crossedAt = new Map([...crossed].map((one) => [one, before.crossedAt.get(one) ?? now]));
  const seenAt = new Map(before.seenAt);
  for (const { signal } of crossed) seenAt.set(conditionOf[signal], now);
  const conditions = new Set([...seenAt].filter(([, at]) => now - at < transitionMs).map(([condition]) => condition));
  const driving = [...crossed].filter((one) => now - (crossedAt.get(one) ?? now) >= one.graceMs);
  return {
    state: { crossedAt, seenAt, driving },
    conditions,
    starved: driving.toSorted((a, b) => urgency(a) - urgency(b)),
  };
}

/** Whether nothing is short any more, minimum reclaims included. */
export function isRelieved(thresholds: readonly Threshold[], observations: Observations): boolean {
  return !thresholds.some((threshold) => isCrossed(threshold, observations, true));
}

function isCrossed(
  { signal, value, minimumReclaim }: Threshold,
  observations: Observations,
  reclaim: boolean,
): boolean {
  const observed = observations.get(signal);
  if (observed === undefined) return false;
  const extra = reclaim && minimumReclaim ? amountOf(minimumReclaim, observed.capacity) : 0;
  return observed.available < amountOf(value, observed.capacity) + extra;
}

function urgency({ signal }: Threshold): number {
  return resourceOf[signal] === 'memory' ? 0 : 1;
}

/** The threshold that is named in messages, and what was left. */
export function shortage(
  resource: StarvedResource,
  starved: readonly Threshold[],
  observations: Observations,
): { readonly threshold: number; readonly available: number } | undefined {
  for (const { signal, value } of starved) {
    const observed = resourceOf[signal] === resource ? observations.get(signal) : undefined;
    if (observed) return { threshold: amountOf(value, observed.capacity), available: observed.available };
  }
  return undefined;
}
