import type { PodCondition, PodStatus } from '@coracle/apimachinery/types/core-v1';
import { timestamp } from '../../shared/registry.ts';

/** Sets a condition; its transition time moves only when the status does. `now` in milliseconds since 1970. */
export function setPodCondition(status: PodStatus, condition: PodCondition, now: number): void {
  const conditions = (status.conditions ??= []);
  const index = conditions.findIndex(({ type }) => type === condition.type);
  const old = conditions[index];
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? null) : timestamp(now);
  const next: PodCondition = { lastProbeTime: null, ...condition, lastTransitionTime };
  if (index < 0) conditions.push(next);
  else conditions[index] = next;
}
