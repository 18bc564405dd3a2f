import type { NodeInfo } from '../../cache/node-info.ts';
import { type Plugin, scoreMax } from '../../framework/plugin.ts';

const name = 'NodeResourcesBalancedAllocation';

/** Prefers nodes where the pod makes the shares of CPU and memory in use more alike. */
export function balancedAllocation(): Plugin {
  return {
    name,
    score({ requests }) {
      const { milliCpu, memory } = requests;
      if (milliCpu === 0 && memory === 0) return undefined;
      return (nodes, scores) => {
        for (let at = 0; at < nodes.length; at++) {
          const { allocatable, requested } = nodes[at] as NodeInfo;
          const after = balance(requested.milliCpu + milliCpu, requested.memory + memory, allocatable);
          const before = balance(requested.milliCpu, requested.memory, allocatable);
          scores[at] = scoreMax / 2 + Math.trunc((scoreMax / 2 + after - before) / 2);
        }
      };
    },
  };
}

/** 100 where equal shares of both are in use, 50 where all of one and nothing of the other. */
function balance(milliCpu: number, memory: number, capacity: { milliCpu: number; memory: number }): number {
  if (capacity.milliCpu === 0 || capacity.memory === 0) return scoreMax;
  const cpuShare = Math.min(1, milliCpu / capacity.milliCpu);
  const memoryShare = Math.min(1, memory / capacity.memory);
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * scoreMax);
}
