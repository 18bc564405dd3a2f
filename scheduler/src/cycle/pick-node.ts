import type { Random } from '@coracle/apimachinery/clock';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Plugin } from '../framework/plugin.ts';

export interface WeightedPlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

/** Chooses the node with the greatest weighted sum of scores, by lot among equals. */
export class NodePicker {
  readonly #plugins: readonly WeightedPlugin[];
  readonly #random: Random;
  #totals = new Float64Array(0);
  #scores = new Float64Array(0);

  constructor(dependencies: { readonly random: Random }, plugins: readonly WeightedPlugin[]) {
    this.#random = dependencies.random;
    this.#plugins = plugins.filter(({ plugin }) => plugin.score);
  }

  /** `nodes` has at least one member. */
  pick(pod: PodInfo, nodes: readonly NodeInfo[]): NodeInfo {
    if (nodes.length === 1) return nodes[0] as NodeInfo;
    if (this.#totals.length !== nodes.length) {
      this.#totals = new Float64Array(nodes.length);
      this.#scores = new Float64Array(nodes.length);
    }
    const totals = this.#totals.fill(0);
    for (const { plugin, weight } of this.#plugins) {
      const scorer = plugin.score?.(pod, nodes);
      if (!scorer) continue;
      scorer(nodes, this.#scores);
      for (let at = 0; at < totals.length; at++)
        totals[at] = (totals[at] as number) + weight * (this.#scores[at] as number);
    }
    return nodes[this.#best(totals)] as NodeInfo;
  }

  #best(totals: Float64Array): number {
    let best = 0;
    let equals = 1;
    for (let at = 1; at < totals.length; at++) {
      const difference = (totals[at] as number) - (totals[best] as number);
      if (difference > 0) {
        best = at;
        equals = 1;
      } else if (difference === 0) {
        equals++;
        if (this.#random.next() * equals < 1) best = at;
      }
    }
    return best;
  }
}
