import type { Node, PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import { annotations, bestVolume, className, isClaimedBy, mismatch } from './match.ts';

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export type ClaimStep =
  | { readonly type: 'bind'; readonly volume: PersistentVolume }
  | { readonly type: 'provision'; readonly storageClass: StorageClass }
  | { readonly type: 'phase'; readonly phase: 'Pending' | 'Lost'; readonly event?: PlannedEvent };

export interface ClaimObservation {
  readonly claim: PersistentVolumeClaim;
  readonly volumes: readonly PersistentVolume[];
  readonly volumeOf: (name: string) => PersistentVolume | undefined;
  readonly classOf: (name: string) => StorageClass | undefined;
  readonly nodeOf: (name: string) => Node | undefined;
}

/** What becomes of a claim now. */
export function planClaim(observation: ClaimObservation): ClaimStep {
  const isBound = observation.claim.metadata?.annotations?.[annotations.bindCompleted] !== undefined;
  return isBound ? planBoundClaim(observation) : planUnboundClaim(observation);
}

function planUnboundClaim(observation: ClaimObservation): ClaimStep {
  const { claim, volumes, volumeOf, classOf, nodeOf } = observation;
  const wanted = claim.spec?.volumeName;
  if (wanted) {
    const volume = volumeOf(wanted);
    if (!volume) return { type: 'phase', phase: 'Pending' };
    if (isClaimedBy(volume, claim)) return { type: 'bind', volume };
    if (volume.spec?.claimRef) {
      return pending('Warning', 'FailedBinding', `volume "${wanted}" already bound to a different claim.`);
    }
    const problem = mismatch(volume, claim);
    if (problem === undefined) return { type: 'bind', volume };
    return pending('Warning', 'VolumeMismatch', `Cannot bind to requested volume "${wanted}": ${problem}`);
  }
  const name = className(claim);
  const storageClass = classOf(name);
  const selected = claim.metadata?.annotations?.[annotations.selectedNode];
  const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && selected === undefined;
  const volume = bestVolume(claim, volumes, selected === undefined ? undefined : nodeOf(selected), delayed);
  if (volume) return { type: 'bind', volume };
  if (delayed) {
    const message = 'waiting for first consumer to be created before binding';
    return pending('Normal', 'WaitForFirstConsumer', message);
  }
  if (name === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    return pending('Normal', 'FailedBinding', message);
  }
  if (!storageClass) return pending('Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`);
  if (storageClass.provisioner === 'kubernetes.io/no-provisioner') {
    const message = `storageclass.storage.k8s.io "${name}" has no provisioner and no volume of it is available`;
    return pending('Warning', 'ProvisioningFailed', message);
  }
  return { type: 'provision', storageClass };
}

function planBoundClaim({ claim, volumeOf }: ClaimObservation): ClaimStep {
  const name = claim.spec?.volumeName;
  if (!name)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = volumeOf(name);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  if (!volume.spec?.claimRef || isClaimedBy(volume, claim)) return { type: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

function pending(type: 'Normal' | 'Warning', reason: string, message: string): ClaimStep {
  return { type: 'phase', phase: 'Pending', event: { type, reason, message } };
}

function lost(reason: string, message: string): ClaimStep {
  return { type: 'phase', phase: 'Lost', event: { type: 'Warning', reason, message } };
}

export type VolumeStep =
  | { readonly type: 'phase'; readonly phase: 'Available' | 'Bound' | 'Released'; readonly reclaims?: boolean }
  /** The claim it is reserved for has yet to be bound. */
  | { readonly type: 'await-claim' }
  /** Reserved for a claim that took another volume: free again. */
  | { readonly type: 'unbind' };

/** What becomes of a volume now. `claim` is the one of the name in its reference. */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeStep {
  const reference = volume.spec?.claimRef;
  if (!reference?.uid) return { type: 'phase', phase: 'Available' };
  if (!claim || claim.metadata?.uid !== reference.uid) return { type: 'phase', phase: 'Released', reclaims: true };
  if (!claim.spec?.volumeName) return { type: 'await-claim' };
  if (claim.spec.volumeName === volume.metadata?.name) return { type: 'phase', phase: 'Bound' };
  const provisioned = volume.metadata?.annotations?.[annotations.provisionedBy] !== undefined;
  if (provisioned && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') {
    return { type: 'phase', phase: 'Released', reclaims: true };
  }
  return volume.metadata?.annotations?.[annotations.boundByController]
    ? { type: 'unbind' }
    : { type: 'phase', phase: 'Available' };
}
