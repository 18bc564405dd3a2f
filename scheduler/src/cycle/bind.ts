import { Pods } from '@coracle/apimachinery/resources';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Cluster } from '../framework/cluster.ts';
import type { Reservation } from '../framework/plugin.ts';

/** Bindings under way at once; more wait their turn. */
const bindingsMax = 128;

/** Makes what is reserved real and tells the API server where the pod goes. Many at once, none of them waited for. */
export class Binder {
  readonly #cluster: Cluster;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Throws what went wrong; nothing is undone then. */
  async bind(pod: PodInfo, node: NodeInfo, reservations: readonly Reservation[], signal: AbortSignal): Promise<void> {
    for (const reservation of reservations) await reservation.preBind?.(signal);
    await this.#begin();
    try {
      await this.#cluster.client.create(Pods, bindingOf(pod, node), { subresource: 'binding', signal });
    } finally {
      this.#end();
    }
    const message = `Successfully assigned ${pod.namespace}/${pod.name} to ${node.name}`;
    this.#cluster.recorder.event(pod.pod, 'Normal', 'Scheduled', message);
  }

  #begin(): Promise<void> | undefined {
    if (this.#underWay < bindingsMax) {
      this.#underWay++;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#underWay--;
  }
}

function bindingOf({ namespace, name, uid }: PodInfo, node: NodeInfo) {
  return {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid },
    target: { kind: 'Node', name: node.name },
  };
}
