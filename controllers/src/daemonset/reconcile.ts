import type { DaemonSet, DaemonSetStatus } from '@coracle/apimachinery/types/apps-v1';
import type { Node, Pod } from '@coracle/apimachinery/types/core-v1';
import { createdAt, isPodAvailable, isPodReady, isTerminating, scaledValue } from '../shared/index.ts';
import { nodeNameOf, type Placement, placementOn, revisionHashLabel } from './placement.ts';

export interface DaemonView {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly placements: ReadonlyMap<string, Placement>;
  /** Pods by the node they are on or meant for. */
  readonly podsByNode: ReadonlyMap<string, readonly Pod[]>;
  /** Hash of the current template. */
  readonly hash: string;
  readonly nowMs: number;
}

export interface DaemonPlan {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  /** Pods that ended on their own, to be replaced; told in an event each. */
  readonly ended: readonly Pod[];
}

export function viewDaemons(
  set: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  nowMs: number,
): DaemonView {
  const podsByNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = nodeNameOf(pod);
    if (name === undefined) continue;
    const own = podsByNode.get(name);
    if (own) own.push(pod);
    else podsByNode.set(name, [pod]);
  }
  const placements = new Map(nodes.map((node) => [node.metadata?.name ?? '', placementOn(node, set)]));
  return { set, nodes, placements, podsByNode, hash, nowMs };
}

/** One pod on every node that should have one, none elsewhere. */
export function planManage(view: DaemonView, mayReplaceFailed: (nodeName: string) => boolean): DaemonPlan {
  const create: string[] = [];
  const doomed: Pod[] = [];
  const ended: Pod[] = [];
  for (const [name, { shouldRun, mayStay }] of view.placements) {
    const pods = view.podsByNode.get(name);
    if (!pods) {
      if (shouldRun) create.push(name);
      continue;
    }
    const present = pods.filter((pod) => !isTerminating(pod));
    if (!mayStay) {
      doomed.push(...present);
      continue;
    }
    const over = present.filter(
      ({ status }) => status?.phase === 'Succeeded' || (status?.phase === 'Failed' && mayReplaceFailed(name)),
    );
    ended.push(...over);
    const running = present
      .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
      .sort(bestFirst);
    if (limits(view).maxSurge === 0) doomed.push(...running.slice(1));
    else if (running.length === 0 && shouldRun) create.push(name);
    else doomed.push(...surplusWithSurge(view, running));
  }
  // Bound pods of nodes that are gone are for the pod collector; unbound ones nobody else would see.
  for (const [name, pods] of view.podsByNode) {
    if (!view.placements.has(name)) doomed.push(...pods.filter((pod) => !pod.spec?.nodeName && !isTerminating(pod)));
  }
  return { create, delete: [...doomed, ...ended], ended };
}

/** With surge an old and a new pod share the node until the new one can take over. */
function surplusWithSurge(view: DaemonView, running: readonly Pod[]): Pod[] {
  if (running.length <= 1) return [];
  const fresh = running.find((pod) => isCurrent(pod, view.hash));
  const old = running.find((pod) => !isCurrent(pod, view.hash));
  const surplus = running.filter((pod) => pod !== fresh && pod !== old);
  if (!fresh || !old) return surplus;
  const replaced = !isPodReady(old) || isPodAvailable(fresh, minReady(view), view.nowMs);
  return replaced ? [...surplus, old] : surplus;
}

/** Replaces pods of an older template within the limits. */
export function planRollingUpdate(view: DaemonView): Pick<DaemonPlan, 'create' | 'delete'> {
  return limits(view).maxSurge === 0 ? planInPlace(view) : planSurge(view);
}

function planInPlace(view: DaemonView): Pick<DaemonPlan, 'create' | 'delete'> {
  const { maxUnavailable } = limits(view);
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const pods of view.podsByNode.values()) {
    const pair = newAndOld(view, pods);
    if (!pair || (pair.fresh === undefined) === (pair.old === undefined)) unavailable++;
    else if (pair.fresh) unavailable += available(view, pair.fresh) ? 0 : 1;
    else if (pair.old && !available(view, pair.old)) {
      broken.push(pair.old);
      unavailable++;
    } else if (pair.old) candidates.push(pair.old);
  }
  return { create: [], delete: [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))] };
}

function planSurge(view: DaemonView): Pick<DaemonPlan, 'create' | 'delete'> {
  const allowed: string[] = [];
  const candidates: string[] = [];
  const doomed: Pod[] = [];
  const misplaced: Pod[] = [];
  let surge = 0;
  let availableNodes = 0;
  for (const [name, pods] of view.podsByNode) {
    const pair = newAndOld(view, pods);
    if (!pair) {
      surge++;
      continue;
    }
    const { fresh, old } = pair;
    const serving = old ?? fresh;
    if (serving && available(view, serving)) availableNodes++;
    if (!old) continue;
    if (fresh) {
      if (available(view, fresh)) doomed.push(old);
      else surge++;
    } else if (view.placements.get(name)?.shouldRun) (available(view, old) ? candidates : allowed).push(name);
    else if (available(view, old)) misplaced.push(old);
    else doomed.push(old);
  }
  const spare = Math.max(0, availableNodes - desiredCount(view));
  return {
    create: [...allowed, ...candidates.slice(0, Math.max(0, limits(view).maxSurge - surge))],
    delete: [...doomed, ...misplaced.slice(0, spare)],
  };
}

/** The node's one new and one old pod; undefined when there are more, which `planManage` clears up. */
function newAndOld(view: DaemonView, pods: readonly Pod[]): { fresh?: Pod; old?: Pod } | undefined {
  const present = pods.filter((pod) => !isTerminating(pod));
  const [fresh, ...moreFresh] = present.filter((pod) => isCurrent(pod, view.hash));
  const [old, ...moreOld] = present.filter((pod) => !isCurrent(pod, view.hash));
  if (moreFresh.length + moreOld.length > 0) return undefined;
  return { ...(fresh ? { fresh } : {}), ...(old ? { old } : {}) };
}

export function daemonStatus(view: DaemonView): DaemonSetStatus {
  let current = 0;
  let misscheduled = 0;
  let ready = 0;
  let availableCount = 0;
  let updated = 0;
  for (const [name, { shouldRun }] of view.placements) {
    const pods = view.podsByNode.get(name) ?? [];
    if (pods.length === 0) continue;
    if (!shouldRun) {
      misscheduled++;
      continue;
    }
    current++;
    // The status speaks of the oldest pod that stays.
    const [pod] = [...pods].sort((a, b) => Number(isTerminating(a)) - Number(isTerminating(b)) || bestFirst(a, b));
    if (!pod) continue;
    if (isPodReady(pod)) ready++;
    if (available(view, pod)) availableCount++;
    if (isCurrent(pod, view.hash)) updated++;
  }
  const desired = desiredCount(view);
  const { collisionCount, conditions } = view.set.status ?? {};
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    observedGeneration: view.set.metadata?.generation ?? 0,
    updatedNumberScheduled: updated,
    numberAvailable: availableCount,
    numberUnavailable: desired - availableCount,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions ? { conditions } : {}),
  };
}

function desiredCount(view: DaemonView): number {
  return [...view.placements.values()].filter(({ shouldRun }) => shouldRun).length;
}

function limits(view: DaemonView): { maxSurge: number; maxUnavailable: number } {
  const { type, rollingUpdate } = view.set.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return { maxSurge: 0, maxUnavailable: 0 };
  const desired = desiredCount(view);
  const maxSurge = scaledValue(rollingUpdate?.maxSurge, desired, true);
  const maxUnavailable = scaledValue(rollingUpdate?.maxUnavailable ?? 1, desired, true);
  // Both zero would never move (a percentage of no nodes).
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable };
}

export function isCurrent(pod: Pod, hash: string): boolean {
  return hash !== '' && pod.metadata?.labels?.[revisionHashLabel] === hash;
}

function available(view: DaemonView, pod: Pod): boolean {
  return isPodAvailable(pod, minReady(view), view.nowMs);
}

function minReady(view: DaemonView): number {
  return view.set.spec?.minReadySeconds ?? 0;
}

/** Bound before unbound, then oldest. */
function bestFirst(a: Pod, b: Pod): number {
  const bound = Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName));
  return bound || createdAt(a) - createdAt(b) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1);
}
