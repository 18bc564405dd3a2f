import { termMatches, type WeightedTerm } from '../../cache/affinity-term.ts';
import type { ClusterCache } from '../../cache/cluster-cache.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { type Scorer, scoreMax } from '../../framework/plugin.ts';
import { termMatcher } from './term-matcher.ts';

/** Something that speaks for (or, with a negative weight, against) each domain of a node label. */
interface Vote {
  readonly topologyKey: string;
  readonly domains: ReadonlyMap<string, number>;
  readonly weight: number;
}

/** Preferred terms of the incoming pod, and preferred and required ones of those that are there. */
export function affinityScorer(pod: PodInfo, cache: ClusterCache): Scorer | undefined {
  const votes = [
    ...votesOfOthers(pod, cache),
    ...ownVotes(pod.preferredAffinity, 1, cache),
    ...ownVotes(pod.preferredAntiAffinity, -1, cache),
  ].filter(({ domains }) => domains.size > 0);
  if (votes.length === 0) return undefined;
  return (nodes, scores) => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < nodes.length; at++) {
      const sum = sumOf(votes, nodes[at] as NodeInfo);
      scores[at] = sum;
      if (sum < least) least = sum;
      if (sum > most) most = sum;
    }
    const range = most - least;
    for (let at = 0; at < nodes.length; at++) {
      scores[at] = range > 0 ? Math.trunc((scoreMax * ((scores[at] as number) - least)) / range) : 0;
    }
  };
}

function votesOfOthers(pod: PodInfo, { preferring, namespaceLabels }: ClusterCache): Vote[] {
  const votes: Vote[] = [];
  for (const { term, domains } of preferring.terms) {
    if (termMatches(term, pod, namespaceLabels)) votes.push({ topologyKey: term.topologyKey, domains, weight: 1 });
  }
  return votes;
}

function ownVotes(terms: readonly WeightedTerm[], sign: 1 | -1, { counters, namespaceLabels }: ClusterCache): Vote[] {
  return terms.map(({ term, weight }) => ({
    topologyKey: term.topologyKey,
    domains: counters.get(termMatcher([term], namespaceLabels)).domains(term.topologyKey),
    weight: sign * weight,
  }));
}

function sumOf(votes: readonly Vote[], { labels }: NodeInfo): number {
  let sum = 0;
  for (let at = 0; at < votes.length; at++) {
    const { topologyKey, domains, weight } = votes[at] as Vote;
    const value = labels[topologyKey];
    if (value !== undefined) sum += weight * (domains.get(value) ?? 0);
  }
  return sum;
}
