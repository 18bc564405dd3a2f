import type { NodeInfo } from './node-info.ts';

/** The values that a node label has, and how many nodes have each. */
export interface Topology {
  readonly key: string;
  readonly values: ReadonlyMap<string, number>;
  /** Nodes that have the label at all. */
  readonly nodes: number;
}

interface MutableTopology extends Topology {
  readonly values: Map<string, number>;
  nodes: number;
}

/** The node labels that pods are spread by, counted from the first time one is asked for. */
export class Topologies {
  readonly #known = new Map<string, MutableTopology>();
  readonly #presentNodes: () => Iterable<NodeInfo>;

  constructor(presentNodes: () => Iterable<NodeInfo>) {
    this.#presentNodes = presentNodes;
  }

  get(key: string): Topology {
    let topology = this.#known.get(key);
    if (topology) return topology;
    topology = { key, values: new Map(), nodes: 0 };
    for (const node of this.#presentNodes()) count(topology, node, 1);
    this.#known.set(key, topology);
    return topology;
  }

  change(node: NodeInfo, sign: 1 | -1): void {
    for (const topology of this.#known.values()) count(topology, node, sign);
  }
}

function count(topology: MutableTopology, node: NodeInfo, sign: 1 | -1): void {
  const value = node.labels[topology.key];
  if (value === undefined) return;
  topology.nodes += sign;
  const nodes = (topology.values.get(value) ?? 0) + sign;
  if (nodes === 0) topology.values.delete(value);
  else topology.values.set(value, nodes);
}
