import { type AffinityTerm, type NamespaceLabels, termMatches } from '../../cache/affinity-term.ts';
import type { PodMatcher } from '../../cache/pod-counter.ts';

/** Pods that all the terms are about. */
export function termMatcher(terms: readonly AffinityTerm[], namespaceLabels: NamespaceLabels): PodMatcher {
  const first = terms[0];
  const isInOneNamespace = terms.length === 1 && first?.namespaces.size === 1 && !first.namespaceSelector;
  const [namespace] = first?.namespaces ?? [];
  return {
    id: terms.map((term) => term.id).join('&'),
    namespace: isInOneNamespace ? namespace : undefined,
    looksAtNamespaceLabels: terms.some((term) => term.namespaceSelector !== undefined),
    matches: (pod) => terms.every((term) => termMatches(term, pod, namespaceLabels)),
  };
}
