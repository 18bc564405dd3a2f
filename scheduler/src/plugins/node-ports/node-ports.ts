import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { hostPortsOf, UsedPorts } from '../../cache/host-ports.ts';
import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { unschedulable } from '../../framework/status.ts';

const name = 'NodePorts';
const taken = unschedulable(name, "node(s) didn't have free ports for the requested pod ports");

/** Two pods on a node cannot have the same host port. */
export function nodePorts(): Plugin {
  return {
    name,
    hints: [
      {
        resource: 'AssignedPod',
        actions: action.delete,
        helps: ({ hostPorts }, previous) => {
          const freed = new UsedPorts();
          for (const port of hostPortsOf(previous as Pod)) freed.add(port);
          return hostPorts.some((port) => freed.conflicts(port));
        },
      },
      { resource: 'Node', actions: action.add },
    ],
    filter({ hostPorts }) {
      if (hostPorts.length === 0) return undefined;
      return { check: ({ usedPorts }) => (hostPorts.some((port) => usedPorts?.conflicts(port)) ? taken : undefined) };
    },
  };
}
