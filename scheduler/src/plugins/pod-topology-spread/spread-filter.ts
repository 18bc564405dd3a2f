import type { ClusterCache } from '../../cache/cluster-cache.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { DomainCounts } from '../../framework/domain-counts.ts';
import type { WhatIfFilter } from '../../framework/plugin.ts';
import { type Status, unresolvable, unschedulable } from '../../framework/status.ts';
import { type Constraint, Eligibility, hasAllKeys } from './constraint.ts';

const name = 'PodTopologySpread';
const reason = "node(s) didn't match pod topology spread constraints";
const tooUneven = unschedulable(name, reason);
const missingLabel = unresolvable(name, `${reason} (missing required label)`);

/** The pods that a constraint counts, by domain. */
interface Spread {
  readonly constraint: Constraint;
  /** 1 where the pod itself will count. */
  readonly own: number;
  readonly domains: ReadonlyMap<string, number>;
  readonly counts: DomainCounts;
  /** Pods in the emptiest domain; undefined while nobody has asked. */
  least: number | undefined;
}

/** Spreading that must hold: a node is right where its domain would not have too many more pods than the emptiest one. */
export class SpreadFilter implements WhatIfFilter {
  readonly #pod: PodInfo;
  readonly #constraints: readonly Constraint[];
  readonly #eligibility: Eligibility;
  readonly #spreads: readonly Spread[];

  private constructor(
    pod: PodInfo,
    constraints: readonly Constraint[],
    eligibility: Eligibility,
    spreads: readonly Spread[],
  ) {
    this.#pod = pod;
    this.#constraints = constraints;
    this.#eligibility = eligibility;
    this.#spreads = spreads;
  }

  static for(pod: PodInfo, constraints: readonly Constraint[], cache: ClusterCache): SpreadFilter {
    const eligibility = new Eligibility(pod, constraints);
    const topologies = constraints.map(({ topologyKey }) => cache.topologies.get(topologyKey));
    const isWhole = eligibility.isEverything && topologies.every(({ nodes }) => nodes === cache.nodes.length);
    const spreads = constraints.map((constraint, at): Spread => {
      const own = constraint.selector.matches(pod.labels) ? 1 : 0;
      if (isWhole) {
        const counts = new DomainCounts(cache.counters.get(constraint.counted).domains(constraint.topologyKey));
        return { constraint, own, domains: topologies[at]?.values ?? new Map(), counts, least: undefined };
      }
      const domains = countEligible(constraint, constraints, eligibility, cache);
      return { constraint, own, domains, counts: new DomainCounts(domains), least: undefined };
    });
    return new SpreadFilter(pod, constraints, eligibility, spreads);
  }

  check({ labels }: NodeInfo): Status | undefined {
    for (const spread of this.#spreads) {
      const { constraint, own, counts } = spread;
      const value = labels[constraint.topologyKey];
      if (value === undefined) return missingLabel;
      if (counts.get(value) + own - leastOf(spread) > constraint.maxSkew) return tooUneven;
    }
    return undefined;
  }

  fork(): SpreadFilter {
    const spreads = this.#spreads.map((spread) => ({ ...spread, counts: spread.counts.fork() }));
    return new SpreadFilter(this.#pod, this.#constraints, this.#eligibility, spreads);
  }

  podMoved(moved: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (moved.namespace !== this.#pod.namespace || !hasAllKeys(node, this.#constraints)) return;
    for (const spread of this.#spreads) {
      const { constraint, counts } = spread;
      if (!constraint.selector.matches(moved.labels) || !this.#eligibility.includes(node, constraint)) continue;
      counts.change(node.labels[constraint.topologyKey], sign);
      spread.least = undefined;
    }
  }
}

function leastOf(spread: Spread): number {
  if (spread.least !== undefined) return spread.least;
  const { constraint, domains, counts } = spread;
  let least = Number.MAX_SAFE_INTEGER;
  if (domains.size < constraint.minDomains) least = 0;
  else {
    for (const value of domains.keys()) {
      const count = counts.get(value);
      if (count < least) least = count;
      if (least <= 0) break;
    }
  }
  spread.least = least;
  return least;
}

/** Where not every node counts, the nodes are gone through; the pods on them are counted already. */
function countEligible(
  constraint: Constraint,
  constraints: readonly Constraint[],
  eligibility: Eligibility,
  cache: ClusterCache,
): Map<string, number> {
  const { perNode } = cache.counters.get(constraint.counted);
  const domains = new Map<string, number>();
  for (const node of cache.nodes) {
    if (!hasAllKeys(node, constraints) || !eligibility.includes(node, constraint)) continue;
    const value = node.labels[constraint.topologyKey] as string;
    domains.set(value, (domains.get(value) ?? 0) + (perNode.get(node) ?? 0));
  }
  return domains;
}
