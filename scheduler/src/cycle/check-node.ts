import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { ActiveFilter, WhatIfFilter } from '../framework/plugin.ts';
import type { Status } from '../framework/status.ts';
import type { Nominator } from '../queue/nominator.ts';

/** The first objection of the filters, in their order. */
export function checkNode(filters: readonly ActiveFilter[], node: NodeInfo): Status | undefined {
  for (let at = 0; at < filters.length; at++) {
    const status = (filters[at] as ActiveFilter).filter.check(node);
    if (status) return status;
  }
  return undefined;
}

/**
 * The same with room left for pods that are nominated to the node and at least as important. The node must do with them and
 * without them: they may be what the pod is attracted to, and may never come.
 */
export function checkNodeWithNominated(
  filters: readonly ActiveFilter[],
  pod: PodInfo,
  node: NodeInfo,
  nominator: Nominator,
): Status | undefined {
  if (nominator.isEmpty) return checkNode(filters, node);
  const nominated = nominator
    .podsFor(node.name)
    .filter((other) => other.priority >= pod.priority && other.uid !== pod.uid && !node.pods.has(other.uid));
  if (nominated.length === 0) return checkNode(filters, node);
  const trial = new Trial(filters, node.copy());
  for (const other of nominated) trial.add(other);
  return checkNode(trial.filters, trial.node) ?? checkNode(filters, node);
}

/** A copy of a node and of the filters' view of the cluster, on which pods come and go for the sake of argument. */
export class Trial {
  readonly node: NodeInfo;
  readonly filters: readonly ActiveFilter[];
  readonly #moving: readonly WhatIfFilter[];

  /** `node` must be a copy already. */
  constructor(filters: readonly ActiveFilter[], node: NodeInfo) {
    const moving: WhatIfFilter[] = [];
    this.node = node;
    this.filters = filters.map((active) => {
      const fork = active.filter.fork?.();
      if (!fork) return active;
      moving.push(fork);
      return { ...active, filter: fork };
    });
    this.#moving = moving;
  }

  add(pod: PodInfo): void {
    this.node.addPod(pod);
    for (const filter of this.#moving) filter.podMoved(pod, this.node, 1);
  }

  remove(pod: PodInfo): void {
    this.node.removePod(pod);
    for (const filter of this.#moving) filter.podMoved(pod, this.node, -1);
  }
}
