import type { PodInfo } from '../cache/pod-info.ts';

/** A pod on its way through the queue. */
export interface QueuedPod {
  info: PodInfo;
  /** Scheduling cycles so far. */
  attempts: number;
  /** Cycles in a row that found no node, and cycles in a row that went wrong: what the two back-offs grow with. */
  unschedulableCount: number;
  errorCount: number;
  /** Its place among those that are ready to be tried: lower is earlier. */
  order: number;
  /** Until when it waits after its last failure. */
  backoffUntil: number;
  parkedAt: number;
  /** The plugins whose hints can bring it back. */
  rejectors: ReadonlySet<string>;
  /** The plugin that keeps it out of the queue. */
  gatedBy: string | undefined;
}

export function queuedPod(info: PodInfo, now: number): QueuedPod {
  return {
    info,
    attempts: 0,
    unschedulableCount: 0,
    errorCount: 0,
    order: 0,
    backoffUntil: 0,
    parkedAt: now,
    rejectors: new Set(),
    gatedBy: undefined,
  };
}
