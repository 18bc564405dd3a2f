import type { OwnerReference } from '@coracle/apimachinery/meta';
import { Pods, StatefulSets } from '@coracle/apimachinery/resources';
import type { StatefulSet } from '@coracle/apimachinery/types/apps-v1';
import type { PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';
import { controllerReference, deepEqual } from '../shared/index.ts';
import { isInRange } from './identity.ts';

/**
 * The owner references that the retention policy gives a pod's claim: the set when claims go with the set, the pod when it
 * is scaled away and claims go with that (KEP-1847). Undefined when they are so already.
 */
export function retainedOwners(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
  ordinal: number,
): OwnerReference[] | undefined {
  const references = claim.metadata?.ownerReferences ?? [];
  const others = references.filter(
    (reference) => !isReferenceTo(reference, set, 'StatefulSet') && !isReferenceTo(reference, pod, 'Pod'),
  );
  const wanted = hasForeignController(claim, set, pod) ? others : [...others, ...policyOwners(set, pod, ordinal)];
  return deepEqual(references, wanted) ? undefined : wanted;
}

function policyOwners(set: StatefulSet, pod: Pod, ordinal: number): OwnerReference[] {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const isScaledDown = !isInRange(set, ordinal);
  if (whenScaled === 'Delete' && isScaledDown) return [controllerReference(pod, Pods)];
  return whenDeleted === 'Delete' ? [controllerReference(set, StatefulSets)] : [];
}

/** Somebody else manages the claim: the policy does not apply. */
export function hasForeignController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false;
  return (claim.metadata?.ownerReferences ?? []).some(
    (reference) =>
      reference.controller &&
      reference.uid !== set.metadata?.uid &&
      reference.uid !== pod.metadata?.uid &&
      reference.name !== pod.metadata?.name,
  );
}

/** The claim is about to go with an earlier pod of the same name. */
export function isStaleClaim(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if ((set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled ?? 'Retain') === 'Retain') return false;
  return (claim.metadata?.ownerReferences ?? []).some(
    ({ kind, name, uid }) => kind === 'Pod' && name === pod.metadata?.name && uid !== pod.metadata?.uid,
  );
}

function isReferenceTo(
  { kind, name, uid }: OwnerReference,
  object: { metadata?: { name?: string; uid?: string } },
  wanted: string,
): boolean {
  return kind === wanted && (uid === object.metadata?.uid || name === object.metadata?.name);
}
