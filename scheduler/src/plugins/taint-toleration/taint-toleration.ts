import { hardEffects, isTolerated, untoleratedTaint } from '@coracle/apimachinery/scheduling';
import type { Node, Taint, Toleration } from '@coracle/apimachinery/types/core-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import { action } from '../../framework/cluster-event.ts';
import { normalize } from '../../framework/normalize.ts';
import { type Plugin, scoreMax } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'TaintToleration';
const tainted = unresolvable(name, 'node(s) had untolerated taint(s)');
const noTolerations: readonly Toleration[] = [];

/** Keeps pods off nodes whose taints they do not tolerate, and prefers nodes with fewer PreferNoSchedule ones. */
export function taintToleration(): Plugin {
  return {
    name,
    hints: [
      {
        resource: 'Node',
        actions: action.add | action.updateNodeTaint,
        helps: ({ pod }, previous, current) => {
          const tolerations = pod.spec?.tolerations ?? noTolerations;
          const keepsOff = (node: Node) => untoleratedTaint(node.spec?.taints, tolerations, hardEffects) !== undefined;
          return (!previous || keepsOff(previous as Node)) && !keepsOff(current as Node);
        },
      },
      { resource: 'TargetPod', actions: action.updatePodToleration },
    ],

    filter({ pod }) {
      const tolerations = pod.spec?.tolerations ?? noTolerations;
      return {
        check: ({ node }) => (untoleratedTaint(node.spec?.taints, tolerations, hardEffects) ? tainted : undefined),
      };
    },

    score({ pod }) {
      const all = pod.spec?.tolerations ?? noTolerations;
      const tolerations = all.filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      return (nodes, scores) => {
        let sum = 0;
        for (let at = 0; at < nodes.length; at++) {
          const count = unpreferred(nodes[at] as NodeInfo, tolerations);
          scores[at] = count;
          sum += count;
        }
        if (sum === 0) scores.fill(scoreMax);
        else normalize(scores, true);
      };
    },
  };
}

function unpreferred({ node }: NodeInfo, tolerations: readonly Toleration[]): number {
  const taints = node.spec?.taints;
  if (!taints?.length) return 0;
  const counts = (taint: Taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations);
  return taints.filter(counts).length;
}
