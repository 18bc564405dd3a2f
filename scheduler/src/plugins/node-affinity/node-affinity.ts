import { matchesNodeTerm, requiredNode, selectable } from '@coracle/apimachinery/scheduling';
import type { Node, NodeSelectorTerm, Pod } from '@coracle/apimachinery/types/core-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import { action } from '../../framework/cluster-event.ts';
import { normalize } from '../../framework/normalize.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'NodeAffinity';
const mismatch = unresolvable(name, "node(s) didn't match Pod's node affinity/selector");
const conflict = unresolvable(name, 'pod affinity terms conflict');

/** `nodeSelector`, required and preferred node affinity. */
export function nodeAffinity(): Plugin {
  return {
    name,
    hints: [
      {
        resource: 'Node',
        actions: action.add | action.updateNodeLabel,
        helps: ({ pod }, previous, current) => {
          const matches = requiredNode(pod.spec) ?? (() => true);
          if (!matches(selectable(current as Node))) return false;
          return !previous || !matches(selectable(previous as Node));
        },
      },
    ],

    filter({ pod }) {
      const matches = requiredNode(pod.spec);
      if (!matches) return undefined;
      const nodeNames = namedNodes(pod);
      if (nodeNames?.size === 0) return { rejection: conflict };
      const check = (node: NodeInfo) => (matches(node) ? undefined : mismatch);
      return nodeNames ? { nodeNames, check } : { check };
    },

    score({ pod }) {
      const preferences = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      if (preferences.length === 0) return undefined;
      return (nodes, scores) => {
        for (let at = 0; at < nodes.length; at++) {
          let sum = 0;
          for (const { preference, weight } of preferences) {
            if (weight !== 0 && matchesNodeTerm(preference, nodes[at] as NodeInfo)) sum += weight;
          }
          scores[at] = sum;
        }
        normalize(scores, false);
      };
    },
  };
}

/** The nodes that the terms name, where each of them names some: nobody needs to look at the others. */
function namedNodes(pod: Pod): Set<string> | undefined {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!terms?.length) return undefined;
  const named = new Set<string>();
  for (const term of terms) {
    const ofTerm = namedByTerm(term);
    if (!ofTerm) return undefined;
    for (const nodeName of ofTerm) named.add(nodeName);
  }
  return named;
}

function namedByTerm({ matchFields }: NodeSelectorTerm): readonly string[] | undefined {
  let named: readonly string[] | undefined;
  for (const { key, operator, values = [] } of matchFields ?? []) {
    if (key !== 'metadata.name' || operator !== 'In') continue;
    named = named ? named.filter((nodeName) => values.includes(nodeName)) : values;
  }
  return named;
}
