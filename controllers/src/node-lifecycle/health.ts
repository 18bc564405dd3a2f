import type { Lease } from '@coracle/apimachinery/types/coordination-v1';
import type { Node, NodeCondition } from '@coracle/apimachinery/types/core-v1';
import { createdAt, findCondition, formatTime } from '../shared/index.ts';

/** A node that has reported before is given this long to report again (`--node-monitor-grace-period`). */
export const monitorGraceMs = 50_000;
/** A node that has never reported is given this long (`--node-startup-grace-period`). */
export const startupGraceMs = 60_000;

const monitoredConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** When each node was last heard of, by this process's own clock: those of the nodes need not agree with it. */
export class NodeHealth {
  readonly #signs = new Map<string, { lease?: string; heartbeat?: string; heardAt: number }>();

  /** Takes note of a lease; true when it is a new sign of life. */
  heardLease(name: string, lease: Lease, nowMs: number): boolean {
    const sign = this.#sign(name, nowMs);
    const renewTime = lease.spec?.renewTime;
    if (!renewTime || sign.lease === renewTime) return false;
    sign.lease = renewTime;
    sign.heardAt = nowMs;
    return true;
  }

  /** Takes note of the heartbeat in the node's own Ready condition. */
  heardNode(node: Node, nowMs: number): void {
    const name = node.metadata?.name ?? '';
    const heartbeat = findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime;
    const known = this.#signs.get(name);
    if (!known && !heartbeat) {
      this.#signs.set(name, { heardAt: createdAt(node) });
      return;
    }
    const sign = this.#sign(name, nowMs);
    if (!heartbeat || sign.heartbeat === heartbeat) return;
    sign.heartbeat = heartbeat;
    sign.heardAt = nowMs;
  }

  forget(name: string): void {
    this.#signs.delete(name);
  }

  /** Starts every node's time anew: after all were out of reach at once it was us, not them. */
  restart(nowMs: number): void {
    for (const sign of this.#signs.values()) sign.heardAt = nowMs;
  }

  /** Milliseconds until the node counts as lost; 0 when it does. */
  remainingMs(node: Node, nowMs: number): number {
    const heardAt = this.#signs.get(node.metadata?.name ?? '')?.heardAt ?? nowMs;
    const hasReported = findCondition(node.status?.conditions, 'Ready') !== undefined;
    return Math.max(0, heardAt + (hasReported ? monitorGraceMs : startupGraceMs) - nowMs);
  }

  #sign(name: string, nowMs: number): { lease?: string; heartbeat?: string; heardAt: number } {
    let sign = this.#signs.get(name);
    if (!sign) this.#signs.set(name, (sign = { heardAt: nowMs }));
    return sign;
  }
}

/** The conditions of a node that is not heard of any more; undefined when they say so already. */
export function unknownConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const lastTransitionTime = formatTime(nowMs);
  const conditions = [...(node.status?.conditions ?? [])];
  let changed = false;
  for (const type of monitoredConditions) {
    const index = conditions.findIndex((condition) => condition.type === type);
    const current = conditions[index];
    if (current?.status === 'Unknown') continue;
    changed = true;
    if (current) {
      const reason = 'NodeStatusUnknown';
      const message = 'Kubelet stopped posting node status.';
      conditions[index] = { ...current, status: 'Unknown', reason, message, lastTransitionTime };
    } else {
      const reason = 'NodeStatusNeverUpdated';
      const message = 'Kubelet never posted node status.';
      const lastHeartbeatTime = node.metadata?.creationTimestamp ?? lastTransitionTime;
      conditions.push({ type, status: 'Unknown', reason, message, lastHeartbeatTime, lastTransitionTime });
    }
  }
  return changed ? conditions : undefined;
}
