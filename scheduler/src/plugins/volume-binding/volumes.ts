import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { Listers } from '../../framework/cluster.ts';
import { AssumedObjects } from './assumed-objects.ts';

/** Volumes and claims as pods on their way to a node will have made them. */
export interface Volumes {
  readonly volumes: AssumedObjects<PersistentVolume>;
  readonly claims: AssumedObjects<PersistentVolumeClaim>;
}

export function volumesOf(listers: Listers): Volumes {
  return {
    volumes: new AssumedObjects(listers.persistentVolumes),
    claims: new AssumedObjects(listers.persistentVolumeClaims),
  };
}

/** What has to be done for a pod's claims on one node. */
export interface VolumePlan {
  /** Claims that get a volume that is there. */
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims that get a new volume, with what their node has room for where that is known. */
  readonly provisions: readonly { readonly claim: PersistentVolumeClaim; readonly capacity: number | undefined }[];
}

export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
