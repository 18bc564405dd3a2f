import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Which pods a counter counts. `id` is equal for equal sets of pods. */
export interface PodMatcher {
  readonly id: string;
  /** The only namespace it can match in; undefined where it may match in several. */
  readonly namespace: string | undefined;
  /** Its answer depends on labels of namespaces. */
  readonly looksAtNamespaceLabels: boolean;
  matches(pod: PodInfo): boolean;
}

/**
 * How many pods of a kind there are on each node and in each topology domain, kept up to date as pods come and go: a cycle
 * that spreads or repels pods reads numbers instead of counting pods.
 */
export class PodCounter {
  readonly matcher: PodMatcher;
  readonly perNode = new Map<NodeInfo, number>();
  readonly #perDomain = new Map<string, Map<string, number>>();
  total = 0;

  constructor(matcher: PodMatcher) {
    this.matcher = matcher;
  }

  add(node: NodeInfo, pod: PodInfo, sign: 1 | -1): void {
    if (this.matcher.matches(pod)) this.#change(node, sign);
  }

  /** Pods by value of a node label. Absent values have none. Only nodes that have the label count. */
  domains(topologyKey: string): ReadonlyMap<string, number> {
    let domains = this.#perDomain.get(topologyKey);
    if (domains) return domains;
    domains = new Map();
    for (const [node, count] of this.perNode) addTo(domains, node.labels[topologyKey], count);
    this.#perDomain.set(topologyKey, domains);
    return domains;
  }

  /** Called before and after a node's labels change, with -1 and 1. */
  moveNode(node: NodeInfo, sign: 1 | -1): void {
    const count = this.perNode.get(node);
    if (!count) return;
    for (const [key, domains] of this.#perDomain) addTo(domains, node.labels[key], sign * count);
  }

  #change(node: NodeInfo, sign: 1 | -1): void {
    const count = (this.perNode.get(node) ?? 0) + sign;
    if (count === 0) this.perNode.delete(node);
    else this.perNode.set(node, count);
    this.total += sign;
    for (const [key, domains] of this.#perDomain) addTo(domains, node.labels[key], sign);
  }
}

function addTo(domains: Map<string, number>, value: string | undefined, amount: number): void {
  if (value === undefined) return;
  const sum = (domains.get(value) ?? 0) + amount;
  if (sum === 0) domains.delete(value);
  else domains.set(value, sum);
}

/** The counters in use. The one not asked for longest goes when there are too many. */
export class PodCounters {
  readonly #countersMax = 500;
  readonly #counters = new Map<string, PodCounter>();
  readonly #byNamespace = new Map<string | undefined, Set<PodCounter>>();
  readonly #allNodes: () => Iterable<NodeInfo>;

  constructor(allNodes: () => Iterable<NodeInfo>) {
    this.#allNodes = allNodes;
  }

  get(matcher: PodMatcher): PodCounter {
    const found = this.#counters.get(matcher.id);
    if (found) {
      this.#counters.delete(matcher.id);
      this.#counters.set(matcher.id, found);
      return found;
    }
    const made = new PodCounter(matcher);
    for (const node of this.#allNodes()) {
      for (const pod of node.pods.values()) made.add(node, pod, 1);
    }
    this.#keep(made);
    return made;
  }

  change(node: NodeInfo, pod: PodInfo, sign: 1 | -1): void {
    const inNamespace = this.#byNamespace.get(pod.namespace);
    if (inNamespace) for (const counter of inNamespace) counter.add(node, pod, sign);
    const everywhere = this.#byNamespace.get(undefined);
    if (everywhere) for (const counter of everywhere) counter.add(node, pod, sign);
  }

  moveNode(node: NodeInfo, sign: 1 | -1): void {
    for (const counter of this.#counters.values()) counter.moveNode(node, sign);
  }

  /** Labels of a namespace have changed: what depends on them is counted anew when it is next asked for. */
  forgetNamespaceMatches(): void {
    for (const counter of this.#counters.values()) {
      if (counter.matcher.looksAtNamespaceLabels) this.#drop(counter);
    }
  }

  #keep(counter: PodCounter): void {
    this.#counters.set(counter.matcher.id, counter);
    const { namespace } = counter.matcher;
    const others = this.#byNamespace.get(namespace);
    if (others) others.add(counter);
    else this.#byNamespace.set(namespace, new Set([counter]));
    if (this.#counters.size <= this.#countersMax) return;
    const { value: oldest } = this.#counters.values().next();
    if (oldest) this.#drop(oldest);
  }

  #drop(counter: PodCounter): void {
    this.#counters.delete(counter.matcher.id);
    this.#byNamespace.get(counter.matcher.namespace)?.delete(counter);
  }
}
