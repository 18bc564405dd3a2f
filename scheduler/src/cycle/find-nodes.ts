import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Cluster } from '../framework/cluster.ts';
import type { ActiveFilter, Plugin } from '../framework/plugin.ts';
import { type Diagnosis, type Status, unresolvable } from '../framework/status.ts';
import { checkNodeWithNominated } from './check-node.ts';

/** Fewer nodes than this are all looked at; more of them in part (schedule_one.go). */
const feasibleMin = 100;
const percentageMin = 5;

export interface Found {
  readonly filters: readonly ActiveFilter[];
  /** Valid until the next search. */
  readonly nodes: readonly NodeInfo[];
  /** Why no other node is among them; worth something only where there is none at all. */
  diagnose(): Diagnosis;
}

/**
 * Looks for nodes that a pod fits on, from where the last search ended, until there are enough to choose from: of a thousand
 * nodes 42 %, of five thousand 10 %.
 */
export class NodeFinder {
  readonly #cluster: Cluster;
  readonly #plugins: readonly Plugin[];
  #start = 0;
  #failedNodes: NodeInfo[] = [];
  #failures: Status[] = [];

  constructor(cluster: Cluster, plugins: readonly Plugin[]) {
    this.#cluster = cluster;
    this.#plugins = plugins.filter((plugin) => plugin.filter);
  }

  find(pod: PodInfo): Found {
    this.#failedNodes.length = 0;
    this.#failures.length = 0;
    const all = this.#cluster.cache.nodes;
    const filters: ActiveFilter[] = [];
    let allowed: ReadonlySet<string> | undefined;
    const restricting: string[] = [];
    for (const plugin of this.#plugins) {
      const filter = plugin.filter?.(pod);
      if (!filter) continue;
      if ('rejection' in filter) return this.#rejected(filters, filter.rejection);
      filters.push({ plugin: plugin.name, filter });
      if (!filter.nodeNames) continue;
      restricting.push(plugin.name);
      allowed = allowed ? intersection(allowed, filter.nodeNames) : filter.nodeNames;
      if (allowed.size === 0) return this.#rejected(filters, excluded(restricting));
    }
    const nominated = this.#nominatedNode(pod, filters);
    if (nominated) return { filters, nodes: [nominated], diagnose: () => this.#diagnosis(all.length, undefined) };
    const candidates = allowed ? this.#named(allowed) : all;
    const nodes = this.#search(pod, filters, candidates);
    const others = allowed ? unsatisfied(restricting) : undefined;
    return { filters, nodes, diagnose: () => this.#diagnosis(all.length, others) };
  }

  /** The node that was made free for the pod is probably the only one it fits on. */
  #nominatedNode(pod: PodInfo, filters: readonly ActiveFilter[]): NodeInfo | undefined {
    const { cache, nominator } = this.#cluster;
    const name = nominator.nodeOf(pod.uid) ?? pod.pod.status?.nominatedNodeName;
    const node = name ? cache.node(name) : undefined;
    return node && !checkNodeWithNominated(filters, pod, node, nominator) ? node : undefined;
  }

  #named(names: ReadonlySet<string>): readonly NodeInfo[] {
    const { cache } = this.#cluster;
    return [...names].map((name) => cache.node(name)).filter((node) => node !== undefined);
  }

  #search(pod: PodInfo, filters: readonly ActiveFilter[], candidates: readonly NodeInfo[]): readonly NodeInfo[] {
    const { nominator, cache } = this.#cluster;
    const wanted = feasibleWanted(candidates.length);
    const feasible: NodeInfo[] = [];
    let looked = 0;
    for (; looked < candidates.length && feasible.length < wanted; looked++) {
      const node = candidates[(this.#start + looked) % candidates.length] as NodeInfo;
      const status = checkNodeWithNominated(filters, pod, node, nominator);
      if (!status) feasible.push(node);
      else {
        this.#failedNodes.push(node);
        this.#failures.push(status);
      }
    }
    if (cache.nodes.length > 0) this.#start = (this.#start + looked) % cache.nodes.length;
    return feasible;
  }

  #rejected(filters: readonly ActiveFilter[], status: Status): Found {
    const diagnosis: Diagnosis = {
      nodesTotal: this.#cluster.cache.nodes.length,
      preFilter: status,
      nodes: new Map(),
      others: status,
      rejectors: new Set(status.plugin.split(',')),
    };
    return { filters, nodes: [], diagnose: () => diagnosis };
  }

  #diagnosis(nodesTotal: number, others: Status | undefined): Diagnosis {
    const nodes = new Map<string, Status>();
    const rejectors = new Set<string>();
    for (let at = 0; at < this.#failures.length; at++) {
      const status = this.#failures[at] as Status;
      nodes.set((this.#failedNodes[at] as NodeInfo).name, status);
      rejectors.add(status.plugin);
    }
    for (const plugin of others?.plugin.split(',') ?? []) rejectors.add(plugin);
    return { nodesTotal, preFilter: undefined, nodes, others, rejectors };
  }
}

/** How many feasible nodes are enough. */
export function feasibleWanted(nodes: number): number {
  if (nodes < feasibleMin) return nodes;
  const percentage = Math.max(percentageMin, 50 - Math.trunc(nodes / 125));
  return Math.max(feasibleMin, Math.trunc((nodes * percentage) / 100));
}

function intersection(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one].filter((name) => other.has(name)));
}

function unsatisfied(plugins: readonly string[]): Status {
  const names = [...plugins].sort();
  return unresolvable(names.join(','), `node(s) didn't satisfy plugin(s) [${names.join(' ')}]`);
}

/** Each plugin names nodes, but there is none that all of them name (framework RunPreFilterPlugins). */
function excluded(plugins: readonly string[]): Status {
  const names = [...plugins].sort();
  const message =
    names.length === 1
      ? `node(s) didn't satisfy plugin ${names[0]}`
      : `node(s) didn't satisfy plugin(s) [${names.join(' ')}] simultaneously`;
  return unresolvable(names.join(','), message);
}
