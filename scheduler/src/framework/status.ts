/**
 * Why a pod cannot go somewhere. `unresolvable`: nor would it if other pods went away, so preemption does not look there.
 * `pending`: something outside must happen first. Reasons are upstream's words: people and tests search for them.
 */
export interface Status {
  readonly code: 'unschedulable' | 'unresolvable' | 'pending' | 'error';
  readonly reasons: readonly string[];
  /** Whose judgement it is. */
  readonly plugin: string;
}

export function unschedulable(plugin: string, ...reasons: readonly string[]): Status {
  return { code: 'unschedulable', reasons, plugin };
}

export function unresolvable(plugin: string, ...reasons: readonly string[]): Status {
  return { code: 'unresolvable', reasons, plugin };
}

/** Something went wrong that has nothing to do with the pod's wishes: it is tried again soon. */
export class SchedulingError extends Error {
  override readonly name = 'SchedulingError';
}

/** A pod that does not fit. `rejectors` are the plugins whose hints decide when it is tried again. */
export class FitError extends Error {
  override readonly name = 'FitError';
  readonly rejectors: ReadonlySet<string>;

  constructor(message: string, rejectors: ReadonlySet<string>) {
    super(message);
    this.rejectors = rejectors;
  }
}

/** What came of the filters for one pod. */
export interface Diagnosis {
  readonly nodesTotal: number;
  /** Set when a plugin rejected the pod before any node was looked at. */
  preFilter: Status | undefined;
  /** What was said of the nodes that were looked at. */
  readonly nodes: Map<string, Status>;
  /** What is said of all others; nothing where it is undefined. */
  others: Status | undefined;
  readonly rejectors: Set<string>;
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: …` (framework FitError). */
export function fitMessage(diagnosis: Diagnosis, postFilter: string): string {
  const { nodesTotal, preFilter, nodes, others } = diagnosis;
  let message = `0/${nodesTotal} nodes are available:`;
  if (preFilter) {
    message += ` ${preFilter.reasons.join(', ')}.`;
  } else {
    const counts = new Map<string, number>();
    const count = (status: Status, times: number) => {
      for (const reason of status.reasons) counts.set(reason, (counts.get(reason) ?? 0) + times);
    };
    for (const status of nodes.values()) count(status, 1);
    if (others && nodes.size < nodesTotal) count(others, nodesTotal - nodes.size);
    const histogram = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
    if (histogram.length > 0) message += ` ${histogram.join(', ')}.`;
  }
  return postFilter === '' ? message : `${message} ${postFilter}`;
}
