import type { ProbeVerdict } from '../pods/plan.ts';

export type ProbeType = 'liveness' | 'readiness' | 'startup';

/** One container's standing with one of its probes. */
export interface ProbeState {
  /** What the rest of the agent believes. */
  readonly verdict: ProbeVerdict;
  readonly last: 'success' | 'failure' | undefined;
  /** How often `last` came in a row. */
  readonly run: number;
  /** The container is to be replaced: this one is not asked any more. */
  readonly onHold: boolean;
}

export interface ProbeThresholds {
  readonly success: number;
  readonly failure: number;
}

/** A container is alive until it fails, not ready until it succeeds, and starting until it has started. */
export function initialProbeState(type: ProbeType): ProbeState {
  const verdict = type === 'liveness' ? 'success' : type === 'readiness' ? 'failure' : 'unknown';
  return { verdict, last: undefined, run: 0, onHold: false };
}

/** The state after one more result. Pure. */
export function nextProbeState(
  type: ProbeType,
  state: ProbeState,
  result: 'success' | 'failure',
  thresholds: ProbeThresholds,
): ProbeState {
  const run = state.last === result ? state.run + 1 : 1;
  const needed = result === 'success' ? thresholds.success : thresholds.failure;
  if (run < needed) return { ...state, last: result, run };
  // The next instance begins to count anew, and so does a container whose restart is forbidden.
  const onHold = result === 'failure' && type !== 'readiness';
  return { verdict: result, last: result, run: onHold ? 0 : run, onHold };
}
