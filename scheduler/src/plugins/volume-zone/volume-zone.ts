import { deepEqual } from '@coracle/apimachinery/json';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster, Listers } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import type { Plugin } from '../../framework/plugin.ts';
import { storageClassOf, usesClaim } from '../../framework/pod-claims.ts';
import { type Status, unresolvable } from '../../framework/status.ts';

const name = 'VolumeZone';
const elsewhere = unresolvable(name, 'node(s) had no available volume zone');

/** Labels that say where a volume is, with the label of a node that means the same. */
const zoneLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
};
const labelNames = Object.keys(zoneLabels);

interface Place {
  readonly label: string;
  readonly values: ReadonlySet<string>;
}

/** A pod goes to the zone that its volumes are in, where their labels tell. */
export function volumeZone({ listers }: Cluster): Plugin {
  return {
    name,
    hints: [
      {
        resource: 'StorageClass',
        actions: action.add,
        helps: (_, __, current) => (current as StorageClass).volumeBindingMode === 'WaitForFirstConsumer',
      },
      { resource: 'Node', actions: action.add | action.updateNodeLabel },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add | action.update,
        helps: ({ pod }, _, current) => usesClaim(pod, current as PersistentVolumeClaim),
      },
      {
        resource: 'PersistentVolume',
        actions: action.add | action.update,
        helps: (_, previous, current) =>
          !previous || !deepEqual(placesOf(previous as PersistentVolume), placesOf(current as PersistentVolume)),
      },
    ],

    filter(pod) {
      const places = placesOfPod(pod, listers);
      if ('code' in places) return { rejection: places };
      if (places.length === 0) return undefined;
      return { check: (node) => (isReachable(node, places) ? undefined : elsewhere) };
    },
  };
}

function isReachable({ labels }: NodeInfo, places: readonly Place[]): boolean {
  if (!labelNames.some((label) => labels[label] !== undefined)) return true;
  return places.every(({ label, values }) => {
    const value = labels[label] ?? labels[zoneLabels[label] ?? label];
    return value !== undefined && values.has(value);
  });
}

function placesOfPod({ pod, namespace }: PodInfo, listers: Listers): readonly Place[] | Status {
  const places: Place[] = [];
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (!persistentVolumeClaim) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = listers.persistentVolumeClaims.get(claimName, namespace);
    if (!claim) return unresolvable(name, `persistentvolumeclaim "${claimName}" not found`);
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) {
      const objection = unboundObjection(claim, listers);
      if (objection) return unresolvable(name, objection);
      continue;
    }
    const volume = listers.persistentVolumes.get(volumeName);
    if (!volume) return unresolvable(name, `persistentvolume "${volumeName}" not found`);
    places.push(...placesOf(volume));
  }
  return places;
}

/** A claim without a volume is fine where the volume is made when the pod's node is known. */
function unboundObjection(claim: PersistentVolumeClaim, listers: Listers): string | undefined {
  const className = storageClassOf(claim);
  if (className === '') return 'PersistentVolumeClaim had no pv name and storageClass name';
  const storageClass = listers.storageClasses.get(className);
  if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`;
  if (!storageClass.volumeBindingMode) return `VolumeBindingMode not set for StorageClass "${className}"`;
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? undefined : 'PersistentVolume had no name';
}

/** Several zones are joined by two underscores. */
function placesOf({ metadata }: PersistentVolume): readonly Place[] {
  const places: Place[] = [];
  for (const label of labelNames) {
    const value = metadata?.labels?.[label];
    if (!value) continue;
    const values = value.split('__');
    if (values.every((zone) => zone !== '')) places.push({ label, values: new Set(values) });
  }
  return places;
}
