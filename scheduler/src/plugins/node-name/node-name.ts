import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'NodeName';
const another = unresolvable(name, "node(s) didn't match the requested node name");

/** A pod that names its node goes nowhere else. */
export function nodeName(): Plugin {
  return {
    name,
    hints: [{ resource: 'Node', actions: action.add }],
    filter({ pod }) {
      const wanted = pod.spec?.nodeName;
      return wanted ? { check: (node) => (node.name === wanted ? undefined : another) } : undefined;
    },
  };
}
