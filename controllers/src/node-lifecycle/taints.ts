import type { Node, Taint } from '@coracle/apimachinery/types/core-v1';
import { findCondition, formatTime } from '../shared/index.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** Which taint a condition's status puts on a node. */
const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const ownKeys = new Set([unschedulableTaint, ...Object.values(conditionTaints).flatMap((keys) => Object.values(keys))]);

/** What is to be done about the pods of a node that is not ready. */
export type EvictionState = 'evict' | 'hold' | 'clear';

/**
 * The node's taints as its conditions want them; undefined when they are so already. `NoSchedule` follows the conditions at
 * once. `NoExecute`, which evicts, comes only with `evict`; one that is there is kept with `hold` (in its right form) and
 * taken away with `clear` or as soon as the node is ready.
 */
export function taintsOf(node: Node, eviction: EvictionState, nowMs: number): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = [...noScheduleKeys(node)].map((key): Taint => ({ key, effect: 'NoSchedule' }));
  const executing = noExecuteTaint(node, current, eviction, nowMs);
  if (executing) wanted.push(executing);
  const foreign = current.filter((taint) => !isOwn(taint));
  const own = current.filter(isOwn);
  const same =
    own.length === wanted.length &&
    wanted.every((taint) => own.some(({ key, effect }) => key === taint.key && effect === taint.effect));
  return same ? undefined : [...foreign, ...wanted];
}

function noScheduleKeys(node: Node): Set<string> {
  const keys = new Set<string>();
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = conditionTaints[type]?.[status];
    if (key) keys.add(key);
  }
  if (node.spec?.unschedulable) keys.add(unschedulableTaint);
  return keys;
}

function noExecuteTaint(
  node: Node,
  current: readonly Taint[],
  eviction: EvictionState,
  nowMs: number,
): Taint | undefined {
  const status = findCondition(node.status?.conditions, 'Ready')?.status;
  const key = status === undefined ? undefined : conditionTaints['Ready']?.[status];
  if (!key || eviction === 'clear') return undefined;
  const executing = current.find((taint) => taint.effect === 'NoExecute' && isOwn(taint));
  if (executing?.key === key) return executing;
  if (!executing && eviction === 'hold') return undefined;
  return { key, effect: 'NoExecute', timeAdded: formatTime(nowMs) };
}

function isOwn({ key, effect }: Taint): boolean {
  if (effect === 'NoSchedule') return ownKeys.has(key);
  return effect === 'NoExecute' && (key === notReadyTaint || key === unreachableTaint);
}

/** True when the node is not ready and its pods are not marked for eviction yet. */
export function wantsEviction(node: Node): boolean {
  const status = findCondition(node.status?.conditions, 'Ready')?.status;
  if (status !== 'False' && status !== 'Unknown') return false;
  return !(node.spec?.taints ?? []).some((taint) => taint.effect === 'NoExecute' && isOwn(taint));
}
