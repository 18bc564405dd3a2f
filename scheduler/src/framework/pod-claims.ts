import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';

/** A volume claim that a pod uses. */
export interface PodClaim {
  readonly name: string;
  /** Made for this pod by the ephemeral volume controller. */
  readonly isEphemeral: boolean;
}

const none: readonly PodClaim[] = [];

export function podClaims({ metadata, spec }: Pod): readonly PodClaim[] {
  let claims: PodClaim[] | undefined;
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (!persistentVolumeClaim && !ephemeral) continue;
    claims ??= [];
    if (persistentVolumeClaim) claims.push({ name: persistentVolumeClaim.claimName, isEphemeral: false });
    else claims.push({ name: `${metadata?.name}-${name}`, isEphemeral: true });
  }
  return claims ?? none;
}

export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if (pod.metadata?.namespace !== claim.metadata?.namespace) return false;
  return podClaims(pod).some(({ name }) => name === claim.metadata?.name);
}

/** Undefined where the claim belongs to the pod, otherwise what is wrong (component-helpers/storage/ephemeral). */
export function ephemeralClaimObjection(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  const isOwner = claim.metadata?.ownerReferences?.some(
    ({ controller, uid }) => controller && uid === pod.metadata?.uid,
  );
  if (isOwner) return undefined;
  const claimKey = `${claim.metadata?.namespace}/${claim.metadata?.name}`;
  return `PVC ${claimKey} was not created for pod ${pod.metadata?.namespace}/${pod.metadata?.name} (pod is not owner)`;
}

/** The storage class of a claim or volume; '' where it has none. The annotation is older than the field and wins. */
export function storageClassOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}

/** Bound in both directions, and the controller has said so. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata?.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
}
