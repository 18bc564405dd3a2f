import { hardEffects, type NodeMatcher, requiredNode, untoleratedTaint } from '@coracle/apimachinery/scheduling';
import { type LabelSelector, selectorOf } from '@coracle/apimachinery/selectors';
import type { TopologySpreadConstraint } from '@coracle/apimachinery/types/core-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodMatcher } from '../../cache/pod-counter.ts';
import type { PodInfo } from '../../cache/pod-info.ts';

export type WhenUnsatisfiable = 'DoNotSchedule' | 'ScheduleAnyway';

/** A spread constraint of one pod, parsed. */
export interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: LabelSelector;
  readonly counted: PodMatcher;
  /** Nodes that the pod's node affinity excludes are no domains. */
  readonly honorsAffinity: boolean;
  /** Nor are those whose taints it does not tolerate. */
  readonly honorsTaints: boolean;
}

/** The constraints of `list` that apply where they cannot be met as `when` says. Throws where a selector is malformed. */
export function parseConstraints(
  list: readonly TopologySpreadConstraint[] | undefined,
  pod: PodInfo,
  when: WhenUnsatisfiable,
): readonly Constraint[] {
  if (!list?.length) return [];
  return list
    .filter((constraint) => constraint.whenUnsatisfiable === when)
    .map((constraint) => parseConstraint(constraint, pod));
}

function parseConstraint(constraint: TopologySpreadConstraint, pod: PodInfo): Constraint {
  const selector = withLabelKeys(selectorOf(constraint.labelSelector), constraint.matchLabelKeys, pod);
  return constraintFor(constraint, selector, pod.namespace);
}

export function constraintFor(
  constraint: TopologySpreadConstraint,
  selector: LabelSelector,
  namespace: string,
): Constraint {
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    selector,
    counted: livePods(selector, namespace),
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}

function withLabelKeys(selector: LabelSelector, keys: readonly string[] | undefined, pod: PodInfo): LabelSelector {
  if (!keys?.length) return selector;
  const present = keys.filter((key) => pod.labels[key] !== undefined);
  return selector.and(present.map((key) => ({ key, operator: '=', values: [pod.labels[key] as string] })));
}

/** Pods that are on their way out do not count; nor does any where the selector selects everything. */
function livePods(selector: LabelSelector, namespace: string): PodMatcher {
  return {
    id: `spread|${namespace}|${selector.none ? 'none' : selector.toString()}`,
    namespace,
    looksAtNamespaceLabels: false,
    matches: (pod) =>
      !selector.empty && !pod.isTerminating && pod.namespace === namespace && selector.matches(pod.labels),
  };
}

/** Which nodes make up the domains of a pod's constraints. */
export class Eligibility {
  readonly #matches: NodeMatcher | undefined;
  readonly #tolerations: NonNullable<NonNullable<PodInfo['pod']['spec']>['tolerations']>;
  /** Every node that has the labels counts. */
  readonly isEverything: boolean;

  constructor({ pod }: PodInfo, constraints: readonly Constraint[]) {
    this.#matches = requiredNode(pod.spec);
    this.#tolerations = pod.spec?.tolerations ?? [];
    this.isEverything = constraints.every(
      ({ honorsAffinity, honorsTaints }) => !honorsTaints && (!honorsAffinity || this.#matches === undefined),
    );
  }

  includes(node: NodeInfo, { honorsAffinity, honorsTaints }: Constraint): boolean {
    if (honorsAffinity && this.#matches && !this.#matches(node)) return false;
    return !honorsTaints || untoleratedTaint(node.node.spec?.taints, this.#tolerations, hardEffects) === undefined;
  }
}

export function hasAllKeys({ labels }: Pick<NodeInfo, 'labels'>, constraints: readonly Constraint[]): boolean {
  return constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined);
}
