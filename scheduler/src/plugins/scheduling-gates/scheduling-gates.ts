import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { unresolvable } from '../../framework/status.ts';

const name = 'SchedulingGates';

/** Keeps a pod out of the queue while it has gates (KEP-3521). */
export function schedulingGates(): Plugin {
  return {
    name,
    hints: [{ resource: 'TargetPod', actions: action.updatePodGatesEliminated }],
    preEnqueue({ pod }) {
      const gates = pod.spec?.schedulingGates ?? [];
      if (gates.length === 0) return undefined;
      return unresolvable(name, `waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`);
    },
  };
}
