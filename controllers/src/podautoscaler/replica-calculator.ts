import { quantityMilliValue } from '@coracle/apimachinery/quantity';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { findCondition, isTerminating, parseTime } from '../shared/index.ts';
import type { PodReadings } from './metrics-client.ts';

/** A pod's CPU counts only once it has been up for this long or is ready (`--horizontal-pod-autoscaler-cpu-initialization-period`). */
const cpuInitializationMs = 5 * 60_000;
/** `--horizontal-pod-autoscaler-initial-readiness-delay`. */
const initialReadinessMs = 30_000;

export interface Tolerances {
  readonly scaleUp: number;
  readonly scaleDown: number;
}

export interface Proposal {
  readonly replicas: number;
  /** Average usage per pod, or the value of the metric, in thousandths. */
  readonly usage: number;
  /** Percent of the request, where the target is one. */
  readonly utilization?: number;
}

export interface UsageObservation {
  readonly currentReplicas: number;
  readonly pods: readonly Pod[];
  readonly readings: PodReadings;
  readonly tolerances: Tolerances;
  /** CPU of pods that are starting says little. */
  readonly isCpu: boolean;
  readonly nowMs: number;
}

/** Replicas that bring average usage to `target` thousandths per pod. */
export function replicasForUsage(observation: UsageObservation, target: number): Proposal {
  return calculate(
    observation,
    () => target,
    (usage, pods) => ({ ratio: usage / (target * pods) }),
    target,
  );
}

/** Replicas that bring usage to `percent` of what the pods request. */
export function replicasForUtilization(
  observation: UsageObservation,
  percent: number,
  resource: string,
  container: string | undefined,
): Proposal {
  const requests = new Map(
    observation.pods.map((pod) => [pod.metadata?.name ?? '', requestOf(pod, resource, container)]),
  );
  const ratioOf = (usage: number, _: number, names: readonly string[]) => {
    const requested = names.reduce((sum, name) => sum + (requests.get(name) ?? 0), 0);
    if (requested === 0) throw new Error('no metrics returned matched known pods');
    const utilization = Math.floor((usage * 100) / requested);
    return { ratio: utilization / percent, utilization };
  };
  return calculate(observation, (name) => ((requests.get(name) ?? 0) * Math.max(100, percent)) / 100, ratioOf);
}

function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  let sum = 0;
  for (const candidate of pod.spec?.containers ?? []) {
    if (container !== undefined && candidate.name !== container) continue;
    const request = candidate.resources?.requests?.[resource];
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${candidate.name} of Pod ${pod.metadata?.name}`);
    }
    sum += quantityMilliValue(request);
  }
  return sum;
}

type RatioOf = (usage: number, pods: number, names: readonly string[]) => { ratio: number; utilization?: number };

/**
 * Upstream's rules: pods without a reading are taken for idle when that would mean more pods and for fully used when it would
 * mean fewer; pods that are not ready for idle when it would mean more; and where those guesses turn the direction, nothing changes.
 */
function calculate(
  observation: UsageObservation,
  assumedUsage: (name: string) => number,
  ratioOf: RatioOf,
  fallback?: number,
): Proposal {
  const { currentReplicas, tolerances } = observation;
  const { ready, unready, missing } = groupPods(observation);
  if (ready.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const measure = () => {
    const usage = [...ready.values()].reduce((sum, value) => sum + value, 0);
    return { usage, ...ratioOf(usage, ready.size, [...ready.keys()]) };
  };
  const first = measure();
  const average = Math.floor(first.usage / ready.size);
  const result = (replicas: number): Proposal => ({
    replicas,
    usage: average,
    ...(first.utilization === undefined ? {} : { utilization: first.utilization }),
  });
  const counted = ready.size;
  const countUnready = unready.length > 0 && first.ratio > 1;
  if (!countUnready && missing.length === 0) {
    return result(isWithin(first.ratio, tolerances) ? currentReplicas : Math.ceil(first.ratio * counted));
  }
  for (const name of missing) {
    if (first.ratio < 1) ready.set(name, fallback ?? assumedUsage(name));
    else if (first.ratio > 1) ready.set(name, 0);
  }
  if (countUnready) for (const name of unready) ready.set(name, 0);
  const { ratio } = measure();
  const turned = (first.ratio < 1 && ratio > 1) || (first.ratio > 1 && ratio < 1);
  if (isWithin(ratio, tolerances) || turned) return result(currentReplicas);
  const replicas = Math.ceil(ratio * ready.size);
  const opposes = (ratio < 1 && replicas > currentReplicas) || (ratio > 1 && replicas < currentReplicas);
  return result(opposes ? currentReplicas : replicas);
}

export function isWithin(ratio: number, { scaleUp, scaleDown }: Tolerances): boolean {
  return ratio >= 1 - scaleDown && ratio <= 1 + scaleUp;
}

function groupPods({ pods, readings, isCpu, nowMs }: UsageObservation): {
  ready: Map<string, number>;
  unready: string[];
  missing: string[];
} {
  const ready = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    if (isTerminating(pod) || pod.status?.phase === 'Failed') continue;
    const reading = readings.get(name);
    if (pod.status?.phase === 'Pending') unready.push(name);
    else if (!reading) missing.push(name);
    else if (isCpu && isStarting(pod, reading.timeMs, reading.windowMs, nowMs)) unready.push(name);
    else ready.set(name, reading.value);
  }
  return { ready, unready, missing };
}

function isStarting(pod: Pod, readAtMs: number, windowMs: number, nowMs: number): boolean {
  const condition = findCondition(pod.status?.conditions, 'Ready');
  const startedAt = parseTime(pod.status?.startTime);
  if (!condition || startedAt === undefined) return true;
  const changedAt = parseTime(condition.lastTransitionTime) ?? 0;
  const isReady = condition.status === 'True';
  if (startedAt + cpuInitializationMs > nowMs) return !isReady || readAtMs < changedAt + windowMs;
  return !isReady && startedAt + initialReadinessMs > changedAt;
}
