import type { Node } from '@coracle/apimachinery/types/core-v1';

export interface KnownImage {
  /** Bytes, as the node that told last has it. */
  size: number;
  /** Names of the nodes that have it. */
  readonly nodes: Set<string>;
}

/** Which node has which image, from the statuses of nodes. */
export class Images {
  readonly #images = new Map<string, KnownImage>();

  get(name: string): KnownImage | undefined {
    return this.#images.get(name);
  }

  add(nodeName: string, node: Node): void {
    for (const { names, sizeBytes } of node.status?.images ?? []) {
      for (const name of names ?? []) {
        let image = this.#images.get(name);
        if (!image) {
          image = { size: 0, nodes: new Set() };
          this.#images.set(name, image);
        }
        image.size = sizeBytes ?? 0;
        image.nodes.add(nodeName);
      }
    }
  }

  remove(nodeName: string, node: Node): void {
    for (const { names } of node.status?.images ?? []) {
      for (const name of names ?? []) {
        const image = this.#images.get(name);
        image?.nodes.delete(nodeName);
        if (image?.nodes.size === 0) this.#images.delete(name);
      }
    }
  }
}
