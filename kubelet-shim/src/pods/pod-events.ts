import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { ContainerRefName, PodEvents } from './pod-services.ts';

const fields = { regular: 'containers', init: 'initContainers', ephemeral: 'ephemeralContainers' } as const;

/** Events about pods; those about a container point at it: `spec.containers{web}`. */
export function createPodEvents(recorder: EventRecorder): PodEvents {
  const write = (
    type: 'Normal' | 'Warning',
    pod: Pod,
    reason: string,
    message: string,
    container?: ContainerRefName,
  ) => {
    const details = container && { fieldPath: `spec.${fields[container.kind]}{${container.name}}` };
    recorder.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, type, reason, message, details);
  };
  return {
    normal: (pod, reason, message, container) => write('Normal', pod, reason, message, container),
    warning: (pod, reason, message, container) => write('Warning', pod, reason, message, container),
  };
}
