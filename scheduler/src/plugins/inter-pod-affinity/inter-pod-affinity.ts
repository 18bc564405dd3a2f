import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { type AffinityTerm, type LabelledPod, termMatches } from '../../cache/affinity-term.ts';
import { podInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { AffinityFilter } from './affinity-filter.ts';
import { affinityScorer } from './affinity-scorer.ts';

const name = 'InterPodAffinity';

/** Attraction and repulsion between pods, in both directions and by any node label. */
export function interPodAffinity(cluster: Cluster): Plugin {
  const { namespaceLabels } = cluster.cache;
  const matches = (term: AffinityTerm, pod: LabelledPod) => termMatches(term, pod, namespaceLabels);

  return {
    name,
    hints: [
      {
        resource: 'AssignedPod',
        actions: action.add | action.updatePodLabel,
        helps: ({ requiredAffinity }, previous, current) => {
          const attracts = (other: Pod) => requiredAffinity.some((term) => matches(term, labelled(other)));
          return requiredAffinity.length > 0 && attracts(current as Pod) && !(previous && attracts(previous as Pod));
        },
      },
      {
        resource: 'AssignedPod',
        actions: action.delete | action.updatePodLabel,
        helps: (pod, previous) => {
          const other = podInfo(previous as Pod);
          return (
            pod.requiredAntiAffinity.some((term) => matches(term, other)) ||
            other.requiredAntiAffinity.some((term) => matches(term, pod))
          );
        },
      },
      { resource: 'Node', actions: action.add | action.updateNodeLabel },
      { resource: 'TargetPod', actions: action.updatePodLabel },
    ],
    filter: (pod) => AffinityFilter.for(pod, cluster.cache),
    score: (pod) => affinityScorer(pod, cluster.cache),
  };
}

function labelled({ metadata }: Pod): LabelledPod {
  return { namespace: metadata?.namespace ?? '', labels: metadata?.labels ?? {} };
}
