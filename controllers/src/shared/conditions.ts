/** What the condition types of all kinds have in common. */
export interface ConditionLike {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
  lastUpdateTime?: string | null;
  lastProbeTime?: string | null;
  observedGeneration?: number;
}

export function findCondition<C extends { type?: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly ConditionLike[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** The list without the type. */
export function withoutCondition<C extends { type?: string }>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

/**
 * The list with the condition in place of the one of its type, at the end; unchanged when status and reason are the same.
 * The transition time stays while the status does. The rule of the workload controllers of apps and batch.
 */
export function withCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, condition: C): C[] {
  const current = findCondition(conditions, condition.type ?? '');
  if (current && current.status === condition.status && current.reason === condition.reason)
    return [...(conditions ?? [])];
  const kept =
    current && current.status === condition.status && current.lastTransitionTime
      ? { ...condition, lastTransitionTime: current.lastTransitionTime }
      : condition;
  return [...withoutCondition(conditions, condition.type ?? ''), kept];
}

/** `meta.SetStatusCondition`: replaces in place, transition time moves only with the status. */
export function setStatusCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, condition: C): C[] {
  const current = findCondition(conditions, condition.type ?? '');
  if (!current) return [...(conditions ?? []), condition];
  const next =
    current.status === condition.status && current.lastTransitionTime
      ? { ...condition, lastTransitionTime: current.lastTransitionTime }
      : condition;
  return (conditions ?? []).map((candidate) => (candidate.type === condition.type ? next : candidate));
}
