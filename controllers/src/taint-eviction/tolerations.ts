import { tolerates } from '@coracle/apimachinery/scheduling';
import type { Node, Taint, Toleration } from '@coracle/apimachinery/types/core-v1';

export function noExecuteTaints(node: Node | undefined): Taint[] {
  return (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/**
 * How long a pod may stay on a node with these taints: Infinity when it tolerates them all without limit, 0 when one of them
 * is not tolerated, else the shortest of its toleration seconds, in milliseconds.
 */
export function toleratedMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (used.length === 0) return 0;
    for (const { tolerationSeconds } of used) {
      if (tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return shortest;
}
