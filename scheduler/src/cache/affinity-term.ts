import { LabelSelector, selectorOf } from '@coracle/apimachinery/selectors';
import type { PodAffinityTerm } from '@coracle/apimachinery/types/core-v1';

/** Labels of a namespace as they are now. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

/** What a term looks at of a pod. */
export interface LabelledPod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * One (anti-)affinity term, parsed. Terms of pods from one template are one object, so that identity can stand for equality
 * and a thousand replicas count as one term.
 */
export interface AffinityTerm {
  /** Equal for equal terms. */
  readonly id: string;
  readonly namespaces: ReadonlySet<string>;
  /** Undefined where the term names its namespaces only. */
  readonly namespaceSelector: LabelSelector | undefined;
  readonly selector: LabelSelector;
  readonly topologyKey: string;
}

export interface WeightedTerm {
  readonly term: AffinityTerm;
  readonly weight: number;
}

/** Bounded: forgetting a term only means that later equal ones are another object. */
const termsMax = 10_000;
const known = new Map<string, AffinityTerm>();

/** Throws where a selector is malformed. A term without namespaces and namespace selector is about the pod's own namespace. */
export function affinityTerm(term: PodAffinityTerm, podNamespace: string): AffinityTerm {
  const isOwnNamespace = !term.namespaces?.length && term.namespaceSelector === undefined;
  const namespaces = isOwnNamespace ? [podNamespace] : [...(term.namespaces ?? [])].sort();
  const id = JSON.stringify([namespaces, term.namespaceSelector ?? null, term.labelSelector ?? null, term.topologyKey]);
  const found = known.get(id);
  if (found) return found;
  const made: AffinityTerm = {
    id,
    namespaces: new Set(namespaces),
    namespaceSelector: term.namespaceSelector === undefined ? undefined : selectorOf(term.namespaceSelector),
    selector: selectorOf(term.labelSelector),
    topologyKey: term.topologyKey,
  };
  if (known.size >= termsMax) known.clear();
  known.set(id, made);
  return made;
}

export function termMatches(term: AffinityTerm, pod: LabelledPod, namespaceLabels: NamespaceLabels): boolean {
  if (!term.namespaces.has(pod.namespace)) {
    if (!term.namespaceSelector?.matches(namespaceLabels(pod.namespace))) return false;
  }
  return term.selector.matches(pod.labels);
}
