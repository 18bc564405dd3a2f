import type { KubernetesObject } from '@coracle/apimachinery/meta';

/** What can happen to an object, as bits, so that a hint can name several (scheduler/framework/events.go). */
export const action = {
  add: 1,
  delete: 2,
  update: 4,
  updateNodeAllocatable: 8,
  updateNodeLabel: 16,
  updateNodeTaint: 32,
  updateNodeCondition: 64,
  updateNodeAnnotation: 128,
  updatePodLabel: 256,
  updatePodScaleDown: 512,
  updatePodToleration: 1024,
  updatePodGatesEliminated: 2048,
  updateNodeFeatures: 4096,
} as const;

export type EventResource =
  | 'AssignedPod'
  /** The waiting pod itself. */
  | 'TargetPod'
  | 'Node'
  | 'Namespace'
  | 'PersistentVolume'
  | 'PersistentVolumeClaim'
  | 'StorageClass'
  | 'CSINode'
  | 'CSIDriver'
  | 'CSIStorageCapacity'
  | 'VolumeAttachment'
  /** Whatever may help any pod: the queue was flushed, or preemption has ended. */
  | '*';

/** Something happened that may make a waiting pod schedulable. */
export interface ClusterEvent {
  readonly resource: EventResource;
  /** Bits of `action`. */
  readonly actions: number;
  readonly previous?: KubernetesObject | undefined;
  readonly current?: KubernetesObject | undefined;
}
