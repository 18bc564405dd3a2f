import { matchesNodeSelector, type SelectableNode } from '@coracle/apimachinery/scheduling';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import { amountOf } from '../../cache/resources.ts';
import { storageClassOf } from '../../framework/pod-claims.ts';

/** Bytes that a claim asks for; 0 where it does not say. */
export function requestedBytes({ spec }: PersistentVolumeClaim): number {
  const text = spec?.resources?.requests?.storage;
  return text === undefined ? 0 : amountOf('storage', String(text));
}

export function capacityBytes({ spec }: PersistentVolume): number {
  const text = spec?.capacity?.storage;
  return text === undefined ? 0 : amountOf('storage', String(text));
}

/** True where the volume can be used on the node. */
export function isUsableOn({ spec }: PersistentVolume, node: SelectableNode): boolean {
  const required = spec?.nodeAffinity?.required;
  return !required || matchesNodeSelector(required, node);
}

export function isBoundTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { name, namespace, uid } = spec?.claimRef ?? {};
  return name === metadata?.name && namespace === metadata?.namespace && (!uid || uid === metadata?.uid);
}

/**
 * The smallest volume that is free, good for the claim and usable on the node; one that is kept for the claim before all
 * others (component-helpers/storage/volume FindMatchingVolume).
 */
export function findMatchingVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  node: SelectableNode,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const selector = claim.spec?.selector ? selectorOf(claim.spec.selector) : undefined;
  let smallest: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken.has(volume.metadata?.name ?? '') || !isGoodFor(volume, claim)) continue;
    const isKept = volume.spec?.claimRef !== undefined && isBoundTo(volume, claim);
    if (isKept) return isUsableOn(volume, node) ? volume : undefined;
    if (volume.spec?.claimRef || volume.status?.phase !== 'Available') continue;
    if (selector && !selector.matches(volume.metadata?.labels)) continue;
    if (storageClassOf(volume) !== storageClassOf(claim)) continue;
    if (!isUsableOn(volume, node) || !hasAccessModes(volume, claim)) continue;
    if (!smallest || capacityBytes(volume) < capacityBytes(smallest)) smallest = volume;
  }
  return smallest;
}

function isGoodFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const modeOf = ({ spec }: PersistentVolume | PersistentVolumeClaim) => spec?.volumeMode ?? 'Filesystem';
  const attributesOf = ({ spec }: PersistentVolume | PersistentVolumeClaim) => spec?.volumeAttributesClassName ?? '';
  return (
    capacityBytes(volume) >= requestedBytes(claim) &&
    modeOf(volume) === modeOf(claim) &&
    attributesOf(volume) === attributesOf(claim) &&
    volume.metadata?.deletionTimestamp === undefined
  );
}

function hasAccessModes({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => spec?.accessModes?.includes(mode));
}
