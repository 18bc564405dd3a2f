import { isTolerated } from '@coracle/apimachinery/scheduling';
import type { Node, Toleration } from '@coracle/apimachinery/types/core-v1';
import { action } from '../../framework/cluster-event.ts';
import type { Filter, Plugin } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'NodeUnschedulable';
const cordoned = unresolvable(name, 'node(s) were unschedulable');
const cordonTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const noTolerations: readonly Toleration[] = [];

const check: Filter = { check: ({ node }) => (node.spec?.unschedulable ? cordoned : undefined) };

/** Keeps pods off cordoned nodes, unless they tolerate that. */
export function nodeUnschedulable(): Plugin {
  const toleratesCordon = (tolerations: readonly Toleration[] | undefined): boolean =>
    isTolerated(cordonTaint, tolerations ?? noTolerations);
  return {
    name,
    hints: [
      {
        resource: 'Node',
        actions: action.add | action.updateNodeTaint,
        helps: (_, previous, current) =>
          !(current as Node).spec?.unschedulable && (!previous || (previous as Node).spec?.unschedulable === true),
      },
      {
        resource: 'TargetPod',
        actions: action.updatePodToleration,
        helps: ({ pod }) => toleratesCordon(pod.spec?.tolerations),
      },
    ],
    filter: ({ pod }) => (toleratesCordon(pod.spec?.tolerations) ? undefined : check),
  };
}
