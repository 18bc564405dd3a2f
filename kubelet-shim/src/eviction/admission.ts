import { isTolerated } from '@coracle/apimachinery/scheduling';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WaitingReason } from '../pods/container-statuses.ts';
import { qosClass } from '../pods/qos.ts';
import { isCritical } from './rank.ts';
import type { PressureCondition } from './thresholds.ts';

const memoryTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };

/** Why a node under pressure does not take this pod; undefined where it does. Pure; upstream's `managerImpl.Admit`. */
export function admitUnderPressure(pod: Pod, conditions: ReadonlySet<PressureCondition>): WaitingReason | undefined {
  if (conditions.size === 0 || isCritical(pod)) return undefined;
  const onlyMemory = conditions.size === 1 && conditions.has('MemoryPressure');
  if (onlyMemory && (qosClass(pod) !== 'BestEffort' || isTolerated(memoryTaint, pod.spec?.tolerations ?? [])))
    return undefined;
  return { reason: 'Evicted', message: `The node had condition: [${[...conditions].join(' ')}]. ` };
}
