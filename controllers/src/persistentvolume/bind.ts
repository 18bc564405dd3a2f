import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import { deepEqual, statusEqual } from '../shared/index.ts';
import { annotations, isClaimedBy } from './match.ts';

/** The volume with a reference to the claim; the same object when it has it. */
export function volumeForClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata ?? {};
  const current = volume.spec?.claimRef;
  if (current && isClaimedBy(volume, claim) && current.uid === uid) return volume;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
  const own = current ? {} : { [annotations.boundByController]: 'yes' };
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations: { ...volume.metadata?.annotations, ...own } },
    spec: { ...volume.spec, claimRef },
  };
}

/** The volume without the reference that this controller gave it. */
export function volumeWithoutClaim(volume: PersistentVolume): PersistentVolume {
  const { [annotations.boundByController]: _, ...kept } = volume.metadata?.annotations ?? {};
  const { claimRef: __, ...spec } = volume.spec ?? {};
  return { ...volume, metadata: { ...volume.metadata, annotations: kept }, spec };
}

/** The claim with the volume's name; the same object when it has it. */
export function claimForVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const isNamed = claim.spec?.volumeName === volume.metadata?.name;
  const added = {
    ...(isNamed ? {} : { [annotations.boundByController]: 'yes' }),
    [annotations.bindCompleted]: 'yes',
  };
  const next = { ...claim.metadata?.annotations, ...added };
  if (isNamed && deepEqual(next, claim.metadata?.annotations)) return claim;
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: next },
    spec: { ...claim.spec, ...(volume.metadata?.name ? { volumeName: volume.metadata.name } : {}) },
  };
}

/** The claim with the status of being bound; the same object when it has it. */
export function boundClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const { accessModes, capacity, volumeAttributesClassName } = volume.spec ?? {};
  const status = {
    ...claim.status,
    phase: 'Bound',
    ...(accessModes ? { accessModes } : {}),
    // A claim that was expanded since knows its size better than the volume it was bound to.
    ...(claim.status?.phase !== 'Bound' && capacity
      ? { capacity: { ...claim.status?.capacity, ...pickStorage(capacity) } }
      : {}),
    ...(volumeAttributesClassName ? { currentVolumeAttributesClassName: volumeAttributesClassName } : {}),
  };
  return statusEqual(claim.status, status) ? claim : { ...claim, status };
}

function pickStorage(capacity: Record<string, string>): Record<string, string> {
  return capacity['storage'] === undefined ? {} : { storage: capacity['storage'] };
}
