import type { Node } from '@coracle/apimachinery/types/core-v1';
import { isConditionTrue } from '../shared/index.ts';

export type ZoneState = 'normal' | 'partial-disruption' | 'full-disruption';

/** Share of nodes out of order from which on a zone counts as disrupted (`--unhealthy-zone-threshold`). */
const unhealthyShare = 0.55;
/** Zones larger than this go on evicting, slowly, when disrupted (`--large-cluster-size-threshold`). */
const largeZoneNodes = 50;
/** Nodes a second whose pods may be evicted (`--node-eviction-rate`, `--secondary-node-eviction-rate`). */
const evictionsPerSecond = 0.1;
const slowEvictionsPerSecond = 0.01;

export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? '';
  return `${region}/${zone}`;
}

export function zoneStateOf(nodes: readonly Node[]): ZoneState {
  const lost = nodes.filter((node) => !isConditionTrue(node.status?.conditions, 'Ready')).length;
  if (lost > 0 && lost === nodes.length) return 'full-disruption';
  return lost > 2 && lost / nodes.length >= unhealthyShare ? 'partial-disruption' : 'normal';
}

/**
 * Paces evictions by zone. One node lost is evicted at once, the next ten seconds later; in a small zone of which most is
 * lost none is, because the fault is likelier in between than in so many nodes.
 */
export class ZoneEvictions {
  readonly #nextAt = new Map<string, number>();

  /** 0 when this node may be evicted now (which counts), else milliseconds until it may ask again; undefined: not at all. */
  take(zone: string, nodes: readonly Node[], nowMs: number): number | undefined {
    const state = zoneStateOf(nodes);
    const rate =
      state === 'partial-disruption'
        ? nodes.length > largeZoneNodes
          ? slowEvictionsPerSecond
          : 0
        : evictionsPerSecond;
    if (rate === 0) return undefined;
    const next = this.#nextAt.get(zone) ?? nowMs;
    if (next > nowMs) return next - nowMs;
    this.#nextAt.set(zone, nowMs + 1000 / rate);
    return 0;
  }
}
