import { compareQuantities } from '@coracle/apimachinery/quantity';
import { matchesNodeSelector, selectable } from '@coracle/apimachinery/scheduling';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import { isTerminating, matchesSelector } from '../shared/index.ts';

export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  selectedNode: 'volume.kubernetes.io/selected-node',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  betaClass: 'volume.beta.kubernetes.io/storage-class',
} as const;

export function className(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata?.annotations?.[annotations.betaClass] ?? object.spec?.storageClassName ?? '';
}

/** The volume names this very claim; a pre-bound volume names it without its uid. */
export function isClaimedBy(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  if (!reference) return false;
  if (reference.name !== claim.metadata?.name || reference.namespace !== claim.metadata?.namespace) return false;
  return !reference.uid || reference.uid === claim.metadata?.uid;
}

/** Why the volume can not serve the claim; undefined when it can. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (compareQuantities(volume.spec?.capacity?.['storage'], claim.spec?.resources?.requests?.['storage']) < 0) {
    return 'requested PV is too small';
  }
  if (className(volume) !== className(claim)) return 'storageClassName does not match';
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem'))
    return 'incompatible volumeMode';
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode';
  if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) {
    return 'volumeAttributesClassName does not match';
  }
  return undefined;
}

function hasAccessModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}

/**
 * The volume to bind the claim to: the one that was made for it, else the smallest that is free and suits. With `delayed`
 * the scheduler has yet to choose a node, and only a volume made for the claim will do.
 */
export function bestVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node: Node | undefined,
  delayed: boolean,
): PersistentVolume | undefined {
  const suitable = volumes.filter((volume) => !isTerminating(volume) && mismatch(volume, claim) === undefined);
  const made = suitable.find((volume) => isClaimedBy(volume, claim));
  if (made || delayed) return made;
  const free = suitable.filter((volume) => {
    if (volume.spec?.claimRef || volume.status?.phase !== 'Available') return false;
    if (claim.spec?.selector && !matchesSelector(claim.spec.selector, volume.metadata?.labels)) return false;
    const required = volume.spec?.nodeAffinity?.required;
    return !node || !required || matchesNodeSelector(required, selectable(node));
  });
  return free.sort((a, b) => compareQuantities(a.spec?.capacity?.['storage'], b.spec?.capacity?.['storage']))[0];
}
