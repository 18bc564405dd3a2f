import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { ClusterEvent } from './cluster-event.ts';
import type { Status } from './status.ts';

/** Scores are from 0 to this. */
export const scoreMax = 100;

/**
 * A plugin takes part in scheduling where it has a method. What upstream splits into PreFilter and Filter, or PreScore,
 * Score and NormalizeScore, is one step here: `filter` and `score` look at the pod once and give back what is asked of
 * each node, or nothing where the plugin has nothing to say about this pod (upstream's Skip).
 */
export interface Plugin {
  /** Upstream's name. */
  readonly name: string;
  /** When a pod that this plugin rejected is worth another try. */
  readonly hints?: readonly QueueingHint[];
  /** A status keeps the pod out of the queue altogether. */
  preEnqueue?(pod: PodInfo): Status | undefined;
  filter?(pod: PodInfo): Filter | Rejection | undefined;
  /** `nodes` are those that passed the filters. */
  score?(pod: PodInfo, nodes: readonly NodeInfo[]): Scorer | undefined;
  /** Called for a pod that passed no filter. */
  postFilter?(attempt: FailedAttempt): PostFilterResult;
}

/** No node can be right. */
export interface Rejection {
  readonly rejection: Status;
}

/** The question for each node, with everything about the pod worked out. */
export interface Filter {
  /** Where it is known beforehand that only these can be right. */
  readonly nodeNames?: ReadonlySet<string>;
  check(node: NodeInfo): Status | undefined;
  /** A copy that `podMoved` may be called on. Filters that look at nothing but the node they are given need none. */
  fork?(): WhatIfFilter;
  /** The node is chosen: takes what the pod needs there. */
  reserve?(node: NodeInfo): Reservation | Status | undefined;
}

export interface WhatIfFilter extends Filter {
  /** A pod is added to (1) or removed from (-1) a node, for the sake of argument. */
  podMoved(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void;
}

/** Something held for a pod between the choice of its node and its binding. */
export interface Reservation {
  readonly plugin: string;
  /** Makes it real before the pod is bound. Throws FitError or another error where that fails. */
  preBind?(signal: AbortSignal): Promise<void>;
  /** Gives it back: the pod does not go there after all. */
  release(): void;
}

/** Writes a score from 0 to `scoreMax` for each node into `scores`, at the node's place in the list. */
export type Scorer = (nodes: readonly NodeInfo[], scores: Float64Array) => void;

export interface FailedAttempt {
  readonly pod: PodInfo;
  readonly filters: readonly ActiveFilter[];
  /** Nodes that would be right if some of their pods went away. */
  readonly hopeful: readonly NodeInfo[];
  readonly nodesTotal: number;
  statusOf(nodeName: string): Status | undefined;
}

export interface ActiveFilter {
  readonly plugin: string;
  readonly filter: Filter;
}

export interface PostFilterResult {
  /** Goes to the end of the message; empty where there is nothing to say. */
  readonly message: string;
  /** The node that is being made free for the pod; '' takes an earlier nomination away, undefined leaves it. */
  readonly nominatedNode?: string | undefined;
}

export interface QueueingHint {
  readonly resource: ClusterEvent['resource'];
  readonly actions: number;
  /** Absent: every such event makes the pod worth another try. */
  readonly helps?: (
    pod: PodInfo,
    previous: KubernetesObject | undefined,
    current: KubernetesObject | undefined,
  ) => boolean;
}
