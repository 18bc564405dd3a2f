import type { Environment } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ReplicaSet, StatefulSet } from '@coracle/apimachinery/types/apps-v1';
import type {
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Service,
} from '@coracle/apimachinery/types/core-v1';
import type { PodDisruptionBudget } from '@coracle/apimachinery/types/policy-v1';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '@coracle/apimachinery/types/storage-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Informer, Lister } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { Nominator } from '../queue/nominator.ts';
import type { Listeners } from './listeners.ts';

/** Everything a scheduler watches. */
export interface Watched {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly namespaces: Informer<Namespace>;
  readonly services: Informer<Service>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly disruptionBudgets: Informer<PodDisruptionBudget>;
  readonly persistentVolumes: Informer<PersistentVolume>;
  readonly persistentVolumeClaims: Informer<PersistentVolumeClaim>;
  readonly storageClasses: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
  readonly csiDrivers: Informer<CSIDriver>;
  readonly csiStorageCapacities: Informer<CSIStorageCapacity>;
  readonly volumeAttachments: Informer<VolumeAttachment>;
}

type Listed<I> = I extends Informer<infer T extends KubernetesObject> ? Lister<T> : never;

/** The same for reading only. */
export type Listers = { readonly [K in keyof Watched]: Listed<Watched[K]> };

/** What a plugin may use. */
export interface Cluster {
  readonly cache: ClusterCache;
  readonly nominator: Nominator;
  readonly listers: Listers;
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly environment: Environment;
  /** Told after every change of a volume or a claim, and when a pod or node goes. */
  readonly volumeChanges: Listeners;
  /** Puts pods back into the queue whatever the hints say. */
  activate(podKeys: readonly string[]): void;
}
