import type { AffinityTerm } from './affinity-term.ts';
import type { NodeInfo } from './node-info.ts';

export interface IndexedTerm {
  readonly term: AffinityTerm;
  /** Sum of the weights of the pods with this term, by value of the term's topology label. */
  readonly domains: Map<string, number>;
  /** Pods with this term on nodes, with or without the label. */
  holders: number;
}

/**
 * The terms of the pods that are on nodes, each once however many pods have it, with how strongly it holds in each domain.
 * An incoming pod is matched against the terms, not against the pods that have them.
 */
export class TermIndex {
  readonly #terms = new Map<AffinityTerm, IndexedTerm>();

  get terms(): Iterable<IndexedTerm> {
    return this.#terms.values();
  }

  get size(): number {
    return this.#terms.size;
  }

  add(term: AffinityTerm, node: NodeInfo, weight: number, sign: 1 | -1): void {
    let entry = this.#terms.get(term);
    if (!entry) {
      entry = { term, domains: new Map(), holders: 0 };
      this.#terms.set(term, entry);
    }
    entry.holders += sign;
    const value = node.labels[term.topologyKey];
    if (value !== undefined) {
      const sum = (entry.domains.get(value) ?? 0) + sign * weight;
      if (sum === 0) entry.domains.delete(value);
      else entry.domains.set(value, sum);
    }
    if (entry.holders === 0) this.#terms.delete(term);
  }
}
