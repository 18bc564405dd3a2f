import type { ClusterCache } from '../../cache/cluster-cache.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { type Scorer, scoreMax } from '../../framework/plugin.ts';
import { type Constraint, Eligibility, hasAllKeys } from './constraint.ts';

const hostnameKey = 'kubernetes.io/hostname';

/** How much one constraint says against a node. */
interface Count {
  readonly constraint: Constraint;
  /** Constraints with more domains weigh more, or they would be drowned by those with few. */
  readonly weight: number;
  of(node: NodeInfo, value: string): number;
}

/**
 * Spreading that is wished for: fewer pods in a node's domains are better. With constraints of the pod's own
 * (`requiresAllKeys`) a node that lacks one of the labels gets nothing; with the defaults it is judged by those it has.
 */
export function spreadScorer(
  pod: PodInfo,
  constraints: readonly Constraint[],
  requiresAllKeys: boolean,
  cache: ClusterCache,
): Scorer {
  return (nodes, scores) => {
    const isJudged = (node: NodeInfo) => !requiresAllKeys || hasAllKeys(node, constraints);
    const judged = nodes.filter(isJudged);
    const counts = countAll(pod, constraints, judged, requiresAllKeys, cache);
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as NodeInfo;
      scores[at] = -1;
      if (!isJudged(node)) continue;
      const sum = Math.round(burden(node, counts));
      scores[at] = sum;
      if (sum < least) least = sum;
      if (sum > most) most = sum;
    }
    for (let at = 0; at < nodes.length; at++) {
      const score = scores[at] as number;
      if (score < 0) scores[at] = 0;
      else scores[at] = most === 0 ? scoreMax : Math.trunc((scoreMax * (most + least - score)) / most);
    }
  };
}

function burden(node: NodeInfo, counts: readonly Count[]): number {
  let sum = 0;
  for (const count of counts) {
    const value = node.labels[count.constraint.topologyKey];
    if (value !== undefined) sum += count.of(node, value) * count.weight + (count.constraint.maxSkew - 1);
  }
  return sum;
}

function countAll(
  pod: PodInfo,
  constraints: readonly Constraint[],
  judged: readonly NodeInfo[],
  requiresAllKeys: boolean,
  cache: ClusterCache,
): readonly Count[] {
  const eligibility = new Eligibility(pod, constraints);
  const hasKeys = (node: NodeInfo) => !requiresAllKeys || hasAllKeys(node, constraints);
  const lacksNoKey = ({ topologyKey }: Constraint) => cache.topologies.get(topologyKey).nodes === cache.nodes.length;
  const isWhole = eligibility.isEverything && (!requiresAllKeys || constraints.every(lacksNoKey));
  return constraints.map((constraint): Count => {
    const { perNode } = cache.counters.get(constraint.counted);
    if (constraint.topologyKey === hostnameKey) {
      return { constraint, weight: weightOf(judged.length), of: (node) => perNode.get(node) ?? 0 };
    }
    const weight = weightOf(new Set(judged.map((node) => node.labels[constraint.topologyKey] ?? '')).size);
    const domains = isWhole
      ? cache.counters.get(constraint.counted).domains(constraint.topologyKey)
      : countEligible(constraint, (node) => hasKeys(node) && eligibility.includes(node, constraint), cache);
    return { constraint, weight, of: (_, value) => domains.get(value) ?? 0 };
  });
}

function weightOf(domains: number): number {
  return Math.log(domains + 2);
}

function countEligible(constraint: Constraint, includes: (node: NodeInfo) => boolean, cache: ClusterCache) {
  const domains = new Map<string, number>();
  for (const [node, count] of cache.counters.get(constraint.counted).perNode) {
    const value = node.labels[constraint.topologyKey];
    if (value !== undefined && includes(node)) domains.set(value, (domains.get(value) ?? 0) + count);
  }
  return domains;
}
