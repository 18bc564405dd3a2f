import type { Node, Pod, TopologySpreadConstraint } from '@coracle/apimachinery/types/core-v1';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { type Constraint, constraintFor, hasAllKeys, parseConstraints } from './constraint.ts';
import { defaultSelector } from './default-selector.ts';
import { SpreadFilter } from './spread-filter.ts';
import { spreadScorer } from './spread-scorer.ts';

const name = 'PodTopologySpread';

/** For pods without constraints of their own. */
const defaultConstraints: readonly TopologySpreadConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

/** Spreads pods that belong together over zones, nodes, or whatever a node label tells apart. */
export function podTopologySpread({ cache, listers }: Cluster): Plugin {
  const required = (pod: PodInfo) => parseConstraints(pod.pod.spec?.topologySpreadConstraints, pod, 'DoNotSchedule');
  const wished = (pod: PodInfo): readonly Constraint[] => {
    const own = pod.pod.spec?.topologySpreadConstraints;
    if (own?.length) return parseConstraints(own, pod, 'ScheduleAnyway');
    const selector = defaultSelector(pod, listers);
    if (!selector) return [];
    return defaultConstraints.map((constraint) => constraintFor(constraint, selector, pod.namespace));
  };

  return {
    name,
    hints: [
      {
        resource: 'AssignedPod',
        actions: action.add | action.delete | action.updatePodLabel,
        helps: (pod, previous, current) => podHelps(pod, required(pod), previous as Pod, current as Pod),
      },
      {
        resource: 'Node',
        actions: action.add | action.delete | action.updateNodeLabel | action.updateNodeTaint,
        helps: (pod, previous, current) => nodeHelps(required(pod), previous as Node, current as Node),
      },
      { resource: 'TargetPod', actions: action.updatePodLabel | action.updatePodToleration },
    ],

    filter(pod) {
      const constraints = required(pod);
      return constraints.length === 0 ? undefined : SpreadFilter.for(pod, constraints, cache);
    },

    score(pod) {
      const constraints = wished(pod);
      if (constraints.length === 0) return undefined;
      const isOwn = (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0;
      return spreadScorer(pod, constraints, isOwn, cache);
    },
  };
}

function podHelps(
  pod: PodInfo,
  constraints: readonly Constraint[],
  previous: Pod | undefined,
  current: Pod | undefined,
): boolean {
  if ((current ?? previous)?.metadata?.namespace !== pod.namespace) return false;
  const counts = (other: Pod | undefined, { selector }: Constraint) =>
    other !== undefined && selector.matches(other.metadata?.labels);
  if (previous && current) {
    return constraints.some((constraint) => counts(previous, constraint) !== counts(current, constraint));
  }
  return constraints.some((constraint) => counts(current ?? previous, constraint));
}

function nodeHelps(constraints: readonly Constraint[], previous: Node | undefined, current: Node | undefined): boolean {
  const matters = (node: Node | undefined) =>
    node !== undefined && hasAllKeys({ labels: node.metadata?.labels ?? {} }, constraints);
  return matters(previous) || matters(current);
}
