import { deepEqual } from '@coracle/apimachinery/json';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { CSIStorageCapacity, StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import { type Filter, type Plugin, type Rejection, type Scorer, scoreMax } from '../../framework/plugin.ts';
import {
  ephemeralClaimObjection,
  isFullyBound,
  podClaims,
  storageClassOf,
  usesClaim,
} from '../../framework/pod-claims.ts';
import { SchedulingError, unresolvable } from '../../framework/status.ts';
import { capacityBytes, requestedBytes } from './match-volume.ts';
import { bytes, planVolumes, type SortedClaims } from './plan-volumes.ts';
import { VolumeReservation } from './volume-reservation.ts';
import { type VolumePlan, volumesOf } from './volumes.ts';

const name = 'VolumeBinding';

/** Volumes that wait for their first pod: finds a node where all of a pod's claims can have one, and sees to it that they do. */
export function volumeBinding(cluster: Cluster): Plugin {
  const { listers } = cluster;
  const volumes = volumesOf(listers);
  const planFor = (claims: SortedClaims, node: NodeInfo) => planVolumes(claims, node, { volumes, listers });

  const sortClaims = (pod: PodInfo): SortedClaims | string => {
    const bound: PersistentVolumeClaim[] = [];
    const delayed: PersistentVolumeClaim[] = [];
    let immediate = 0;
    for (const { name: claimName, isEphemeral } of podClaims(pod.pod)) {
      const claim = volumes.claims.get(claimName, pod.namespace);
      const objection = claimObjection(pod, claimName, isEphemeral, claim);
      if (objection !== undefined || !claim) return objection ?? '';
      if (isFullyBound(claim)) bound.push(claim);
      else if (isDelayed(claim) && !claim.spec?.volumeName) delayed.push(claim);
      else immediate++;
    }
    if (immediate > 0) return 'pod has unbound immediate PersistentVolumeClaims';
    return { bound, delayed: delayed.sort((one, other) => requestedBytes(one) - requestedBytes(other)) };
  };

  const isDelayed = (claim: PersistentVolumeClaim): boolean => {
    const className = storageClassOf(claim);
    if (className === '') return false;
    const storageClass = listers.storageClasses.get(className);
    if (!storageClass) return false;
    if (!storageClass.volumeBindingMode) {
      throw new SchedulingError(`VolumeBindingMode not set for StorageClass "${className}"`);
    }
    return storageClass.volumeBindingMode === 'WaitForFirstConsumer';
  };

  return {
    name,
    hints: [
      {
        resource: 'StorageClass',
        actions: action.add | action.update,
        helps: (_, previous, current) =>
          !previous ||
          !deepEqual((previous as StorageClass).allowedTopologies, (current as StorageClass).allowedTopologies),
      },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add | action.update,
        helps: ({ pod }, _, current) => usesClaim(pod, current as PersistentVolumeClaim),
      },
      { resource: 'PersistentVolume', actions: action.add | action.update },
      { resource: 'Node', actions: action.add | action.updateNodeLabel },
      { resource: 'CSINode', actions: action.add },
      {
        resource: 'CSIStorageCapacity',
        actions: action.add | action.update,
        helps: (_, previous, current) =>
          grew(previous as CSIStorageCapacity | undefined, current as CSIStorageCapacity),
      },
    ],

    filter(pod): Filter | Rejection | undefined {
      if (podClaims(pod.pod).length === 0) return undefined;
      const claims = sortClaims(pod);
      if (typeof claims === 'string') return { rejection: unresolvable(name, claims) };
      return {
        check(node) {
          const plan = planFor(claims, node);
          return 'bindings' in plan ? undefined : unresolvable(name, ...plan);
        },
        reserve(node) {
          const plan = planFor(claims, node);
          if (!('bindings' in plan)) return unresolvable(name, ...plan);
          if (plan.bindings.length === 0 && plan.provisions.length === 0) return undefined;
          return new VolumeReservation(cluster, volumes, pod, node, plan);
        },
      };
    },

    score(pod): Scorer | undefined {
      if (podClaims(pod.pod).length === 0) return undefined;
      const claims = sortClaims(pod);
      if (typeof claims === 'string' || claims.delayed.length === 0) return undefined;
      return (nodes, scores) => {
        for (let at = 0; at < nodes.length; at++) {
          const plan = planFor(claims, nodes[at] as NodeInfo);
          scores[at] = 'bindings' in plan ? roominess(plan) : 0;
        }
      };
    },
  };
}

function claimObjection(
  { pod }: PodInfo,
  claimName: string,
  isEphemeral: boolean,
  claim: PersistentVolumeClaim | undefined,
): string | undefined {
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${claimName}"`
      : `persistentvolumeclaim "${claimName}" not found`;
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${claimName}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  }
  if (claim.metadata?.deletionTimestamp) return `persistentvolumeclaim "${claimName}" is being deleted`;
  return isEphemeral ? ephemeralClaimObjection(pod, claim) : undefined;
}

/** How much of the storage would stay free, the mean over the storage classes; 0 where nothing is known of it. */
function roominess({ bindings, provisions }: VolumePlan): number {
  const classes = new Map<string, { requested: number; capacity: number }>();
  const count = (claim: PersistentVolumeClaim, capacity: (before: number) => number) => {
    const entry = classes.get(storageClassOf(claim)) ?? { requested: 0, capacity: 0 };
    entry.requested += requestedBytes(claim);
    entry.capacity = capacity(entry.capacity);
    classes.set(storageClassOf(claim), entry);
  };
  for (const { claim, volume } of bindings) count(claim, (before) => before + capacityBytes(volume));
  if (bindings.length === 0) {
    for (const { claim, capacity } of provisions) if (capacity !== undefined) count(claim, () => capacity);
  }
  if (classes.size === 0) return 0;
  let sum = 0;
  for (const { requested, capacity } of classes.values()) {
    sum += capacity === 0 || requested > capacity ? 0 : scoreMax - Math.trunc((scoreMax * requested) / capacity);
  }
  return Math.round(sum / classes.size);
}

function grew(previous: CSIStorageCapacity | undefined, current: CSIStorageCapacity): boolean {
  if (!previous) return true;
  const limit = (of: CSIStorageCapacity) => bytes(of.maximumVolumeSize ?? of.capacity);
  const now = limit(current);
  const before = limit(previous);
  return now !== undefined && (before === undefined || now > before);
}
