import type { Taint, Toleration } from '../generated/types/core-v1.ts';

/** api/core/v1 Toleration.ToleratesTaint; the operators Lt and Gt are of a feature that is off by default. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if (toleration.operator && toleration.operator !== 'Equal') return false;
  return (toleration.value ?? '') === (taint.value ?? '');
}

export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((toleration) => tolerates(toleration, taint));
}

/** The effects of taints that keep a pod off a node. */
export const hardEffects: readonly string[] = ['NoSchedule', 'NoExecute'];

/** The first taint of one of the effects that is not tolerated (component-helpers FindMatchingUntoleratedTaint). */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  if (!taints?.length) return undefined;
  return taints.find((taint) => effects.includes(taint.effect) && !isTolerated(taint, tolerations));
}
