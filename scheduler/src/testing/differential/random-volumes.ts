import type { PersistentVolume, PersistentVolumeClaim, Volume } from '@coracle/apimachinery/types/core-v1';
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { Dice } from './dice.ts';

const zone = 'topology.kubernetes.io/zone';
const driver = 'csi.example.com';

export interface RandomVolumes {
  readonly storageClasses: readonly StorageClass[];
  readonly drivers: readonly CSIDriver[];
  readonly capacities: readonly CSIStorageCapacity[];
  readonly csiNodes: readonly CSINode[];
  readonly volumes: readonly PersistentVolume[];
  readonly claims: readonly PersistentVolumeClaim[];
}

export const noVolumes: RandomVolumes = {
  storageClasses: [],
  drivers: [],
  capacities: [],
  csiNodes: [],
  volumes: [],
  claims: [],
};

export function randomVolumes(nodeNames: readonly string[], the: Dice): RandomVolumes {
  const { chance, pick, below } = the;
  const volumes = Array.from({ length: below(5) }, (_, index) => randomVolume(`pv${index}`, the));
  const bindable = volumes.length > 0 ? volumes.map(({ metadata }) => metadata?.name ?? '') : ['pv0'];
  const names = ['c0', 'c1', 'c2'].filter(() => chance(0.97));
  const count = () => pick(1, 2, 5);
  return {
    storageClasses: chance(0.98) ? [randomClass(the)] : [],
    drivers: chance(0.5) ? [{ metadata: { name: driver }, spec: { storageCapacity: chance(0.6) } }] : [],
    capacities: chance(0.6) ? [randomCapacity(the)] : [],
    csiNodes: nodeNames
      .filter(() => chance(0.5))
      .map((name) => ({
        metadata: { name },
        spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: [], allocatable: { count: count() } }] },
      })),
    volumes,
    claims: names.map((name) => randomClaim(name, bindable, the)),
  };
}

export function claimVolumes(...names: readonly string[]): Volume[] {
  return [...new Set(names)].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
}

function randomClass({ chance, pick }: Dice): StorageClass {
  const topology = { matchLabelExpressions: [{ key: zone, values: [pick('z1', 'z2')] }] };
  return {
    metadata: { name: 'sc' },
    provisioner: pick('kubernetes.io/no-provisioner', driver, driver),
    volumeBindingMode: chance(0.85) ? 'WaitForFirstConsumer' : 'Immediate',
    ...(chance(0.3) ? { allowedTopologies: [topology] } : {}),
  };
}

function randomCapacity({ chance, pick }: Dice): CSIStorageCapacity {
  return {
    metadata: { name: 'capacity', namespace: 'default' },
    storageClassName: 'sc',
    capacity: pick('1Gi', '10Gi'),
    nodeTopology: { matchLabels: { [zone]: pick('z1', 'z2') } },
    ...(chance(0.2) ? { maximumVolumeSize: '2Gi' } : {}),
  };
}

function randomVolume(name: string, { chance, pick }: Dice): PersistentVolume {
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [pick('n0', 'n1', 'n2')] };
  return {
    metadata: { name, labels: chance(0.3) ? { [zone]: pick('z1', 'z2__z3') } : {} },
    spec: {
      storageClassName: pick('sc', 'sc', 'other'),
      accessModes: [pick('ReadWriteOnce', 'ReadOnlyMany')],
      capacity: { storage: pick('1Gi', '5Gi') },
      persistentVolumeReclaimPolicy: 'Retain',
      ...(chance(0.5) ? { csi: { driver, volumeHandle: name } } : { hostPath: { path: '/x' } }),
      ...(chance(0.6) ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } } } : {}),
    },
    status: chance(0.8) ? { phase: 'Available' } : {},
  };
}

function randomClaim(name: string, bindable: readonly string[], { chance, pick }: Dice): PersistentVolumeClaim {
  const volumeName = chance(0.35) ? pick(...bindable) : undefined;
  const annotations = {
    ...(volumeName && chance(0.9) ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {}),
    ...(chance(0.1) ? { 'volume.kubernetes.io/selected-node': pick('n0', 'n1') } : {}),
  };
  return {
    metadata: { name, namespace: 'default', annotations },
    spec: {
      storageClassName: chance(0.95) ? 'sc' : '',
      accessModes: [pick('ReadWriteOnce', 'ReadWriteOnce', 'ReadWriteOncePod')],
      resources: { requests: { storage: pick('1Gi', '3Gi') } },
      ...(volumeName ? { volumeName } : {}),
    },
  };
}
