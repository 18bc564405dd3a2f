import { type AffinityTerm, type NamespaceLabels, termMatches } from '../../cache/affinity-term.ts';
import type { ClusterCache } from '../../cache/cluster-cache.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodMatcher } from '../../cache/pod-counter.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import { DomainCounts } from '../../framework/domain-counts.ts';
import type { WhatIfFilter } from '../../framework/plugin.ts';
import { type Status, unresolvable, unschedulable } from '../../framework/status.ts';
import { termMatcher } from './term-matcher.ts';

const name = 'InterPodAffinity';
const notAttracted = unresolvable(name, "node(s) didn't match pod affinity rules");
const repelled = unschedulable(name, "node(s) didn't match pod anti-affinity rules");
const repelledByOthers = unschedulable(name, "node(s) didn't satisfy existing pods anti-affinity rules");

/** How many pods that matter there are in each domain of one term. */
interface TermCounts {
  readonly term: AffinityTerm;
  readonly counts: DomainCounts;
}

interface Incoming {
  readonly pod: PodInfo;
  readonly namespaceLabels: NamespaceLabels;
  /** Pods that one of the anti-affinity terms is about, in the order of the terms. */
  readonly repelling: readonly PodMatcher[];
  /** Pods that all of the affinity terms are about at once; undefined where there are none. */
  readonly attracting: PodMatcher | undefined;
  readonly matchesItself: boolean;
}

/** Required affinity and anti-affinity of the incoming pod, and required anti-affinity of those that are there. */
export class AffinityFilter implements WhatIfFilter {
  readonly #incoming: Incoming;
  readonly #affinity: readonly TermCounts[];
  readonly #antiAffinity: readonly TermCounts[];
  /** Terms of pods on nodes that are about the incoming pod. */
  readonly #others: TermCounts[];

  private constructor(
    incoming: Incoming,
    affinity: readonly TermCounts[],
    antiAffinity: readonly TermCounts[],
    others: readonly TermCounts[],
  ) {
    this.#incoming = incoming;
    this.#affinity = affinity;
    this.#antiAffinity = antiAffinity;
    this.#others = [...others];
  }

  /** Undefined where neither the pod nor any pod on a node has something to say. */
  static for(pod: PodInfo, cache: ClusterCache): AffinityFilter | undefined {
    const { namespaceLabels, counters } = cache;
    const others: TermCounts[] = [];
    for (const { term, domains } of cache.repelling.terms) {
      if (termMatches(term, pod, namespaceLabels)) others.push({ term, counts: new DomainCounts(domains) });
    }
    const { requiredAffinity, requiredAntiAffinity } = pod;
    if (others.length === 0 && requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return undefined;

    const countsOf = (matcher: PodMatcher, { topologyKey }: AffinityTerm) =>
      new DomainCounts(counters.get(matcher).domains(topologyKey));
    const repelling = requiredAntiAffinity.map((term) => termMatcher([term], namespaceLabels));
    const attracting = requiredAffinity.length > 0 ? termMatcher(requiredAffinity, namespaceLabels) : undefined;
    return new AffinityFilter(
      { pod, namespaceLabels, repelling, attracting, matchesItself: attracting?.matches(pod) === true },
      attracting ? requiredAffinity.map((term) => ({ term, counts: countsOf(attracting, term) })) : [],
      requiredAntiAffinity.map((term, at) => ({ term, counts: countsOf(repelling[at] as PodMatcher, term) })),
      others,
    );
  }

  check(node: NodeInfo): Status | undefined {
    if (!this.#isAttracted(node)) return notAttracted;
    if (isTaken(this.#antiAffinity, node)) return repelled;
    return isTaken(this.#others, node) ? repelledByOthers : undefined;
  }

  fork(): AffinityFilter {
    const forked = (list: readonly TermCounts[]) => list.map(({ term, counts }) => ({ term, counts: counts.fork() }));
    return new AffinityFilter(this.#incoming, forked(this.#affinity), forked(this.#antiAffinity), forked(this.#others));
  }

  podMoved(moved: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    const { pod, namespaceLabels, repelling, attracting } = this.#incoming;
    const change = ({ term, counts }: TermCounts) => counts.change(node.labels[term.topologyKey], sign);
    if (attracting?.matches(moved)) this.#affinity.forEach(change);
    for (const [at, entry] of this.#antiAffinity.entries()) {
      if (repelling[at]?.matches(moved)) change(entry);
    }
    for (const term of moved.requiredAntiAffinity) {
      if (termMatches(term, pod, namespaceLabels)) change(this.#otherFor(term));
    }
  }

  #otherFor(term: AffinityTerm): TermCounts {
    let entry = this.#others.find((candidate) => candidate.term.id === term.id);
    if (!entry) {
      entry = { term, counts: new DomainCounts().fork() };
      this.#others.push(entry);
    }
    return entry;
  }

  /** The first pod of a group that is to be together goes anywhere, if it belongs to the group itself. */
  #isAttracted(node: NodeInfo): boolean {
    let isMissing = false;
    for (const { term, counts } of this.#affinity) {
      const value = node.labels[term.topologyKey];
      if (value === undefined) return false;
      if (counts.get(value) <= 0) isMissing = true;
    }
    if (!isMissing) return true;
    return this.#incoming.matchesItself && this.#affinity.every(({ counts }) => counts.isEmpty);
  }
}

function isTaken(terms: readonly TermCounts[], node: NodeInfo): boolean {
  for (let at = 0; at < terms.length; at++) {
    const { term, counts } = terms[at] as TermCounts;
    if (counts.get(node.labels[term.topologyKey]) > 0) return true;
  }
  return false;
}
