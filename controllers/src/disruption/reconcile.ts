import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@coracle/apimachinery/types/policy-v1';
import { formatTime, isPodReady, isTerminating, parseTime, scaledValue, setStatusCondition } from '../shared/index.ts';

/** A pod whose eviction was granted is given this long to be gone. */
const deletionTimeoutMs = 2 * 60_000;

/** How many pods a budget's selection should have. */
export interface ExpectedPods {
  /** Sum of the scales of the pods' controllers. */
  readonly scale: number;
  readonly unmanaged: readonly string[];
}

export interface BudgetOutcome {
  readonly status: PodDisruptionBudgetStatus;
  /** Pods that were to be gone by now and are not. */
  readonly overdue: readonly Pod[];
  readonly recheckAfterMs?: number;
}

/** True when the budget's numbers depend on how many pods the controllers want. */
export function needsScale(budget: PodDisruptionBudget): boolean {
  return budget.spec?.maxUnavailable !== undefined || typeof budget.spec?.minAvailable === 'string';
}

export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: number,
  nowMs: number,
): BudgetOutcome {
  const { disruptedPods, overdue, recheckAfterMs } = stillExpected(budget, pods, nowMs);
  const expectedPods = needsScale(budget) ? scale : pods.length;
  const desiredHealthy = desiredCount(budget, expectedPods);
  const currentHealthy = pods.filter(
    (pod) => !isTerminating(pod) && disruptedPods[pod.metadata?.name ?? ''] === undefined && isPodReady(pod),
  ).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const observedGeneration = budget.metadata?.generation ?? 0;
  const status: PodDisruptionBudgetStatus = {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    observedGeneration,
    conditions: setStatusCondition(budget.status?.conditions, {
      type: 'DisruptionAllowed',
      status: disruptionsAllowed > 0 ? 'True' : 'False',
      reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
      observedGeneration,
      lastTransitionTime: formatTime(nowMs),
    }),
  };
  return { status, overdue, ...(recheckAfterMs === undefined ? {} : { recheckAfterMs }) };
}

/** The status when the numbers could not be had: nothing may be disrupted. */
export function failedStatus(budget: PodDisruptionBudget, message: string, nowMs: number): PodDisruptionBudgetStatus {
  const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {};
  return {
    ...budget.status,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: 0,
    conditions: setStatusCondition(budget.status?.conditions, {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message,
      observedGeneration: budget.status?.observedGeneration ?? 0,
      lastTransitionTime: formatTime(nowMs),
    }),
  };
}

function desiredCount({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec?.maxUnavailable !== undefined)
    return Math.max(0, expected - scaledValue(spec.maxUnavailable, expected, true));
  return scaledValue(spec?.minAvailable, expected, true);
}

/** Granted evictions whose pods are still to go. */
function stillExpected(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): { disruptedPods: Record<string, string>; overdue: Pod[]; recheckAfterMs?: number } {
  const disruptedPods: Record<string, string> = {};
  const overdue: Pod[] = [];
  let recheckAfterMs: number | undefined;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const grantedAt = budget.status?.disruptedPods?.[name];
    if (!grantedAt || isTerminating(pod)) continue;
    const wait = (parseTime(grantedAt) ?? 0) + deletionTimeoutMs - nowMs;
    if (wait < 0) overdue.push(pod);
    else {
      disruptedPods[name] = grantedAt;
      recheckAfterMs = Math.min(recheckAfterMs ?? wait, wait);
    }
  }
  return { disruptedPods, overdue, ...(recheckAfterMs === undefined ? {} : { recheckAfterMs: recheckAfterMs + 1 }) };
}
