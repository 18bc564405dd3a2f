import type { Pod, Service } from '@coracle/apimachinery/types/core-v1';
import { keyOf } from '../runtime/index.ts';
import { createdAt, findCondition, formatTime, parseTime } from '../shared/index.ts';

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * Remembers when each service and pod last changed, to say what the oldest change is that an update of the endpoints
 * carries out. Consumers measure programming latency by it.
 */
export class TriggerTimes {
  readonly #seen = new Map<string, { readonly service: number; readonly pods: ReadonlyMap<string, number> }>();

  /** Time of the oldest change since the last call for this service; undefined when nothing timed changed. */
  next(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service);
    const before = this.#seen.get(key);
    const now = {
      service: createdAt(service),
      pods: new Map(pods.map((pod) => [pod.metadata?.name ?? '', changedAt(pod)])),
    };
    this.#seen.set(key, now);
    let oldest = now.service > (before?.service ?? 0) ? now.service : undefined;
    for (const [name, time] of now.pods) {
      const known = before?.pods.get(name);
      if (time > (known ?? 0) && (oldest === undefined || time < oldest)) oldest = time;
    }
    return oldest === undefined || (!before && pods.length === 0) ? undefined : formatTime(oldest);
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}

/** Pods in the cache do not change: what was read from one holds for as long as it lives. */
const changeTimes = new WeakMap<Pod, number>();

function changedAt(pod: Pod): number {
  let time = changeTimes.get(pod);
  if (time === undefined) {
    time = parseTime(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime) ?? createdAt(pod);
    changeTimes.set(pod, time);
  }
  return time;
}
