import type { KubernetesObject, OwnerReference } from '@coracle/apimachinery/meta';
import { foregroundFinalizer, orphanFinalizer } from './graph.ts';

export type OwnerState =
  /** Exists and stays. */
  | 'solid'
  /** Does not exist. */
  | 'dangling'
  /** Is being deleted in the foreground and waits for its dependents. */
  | 'waiting';

export interface ClassifiedOwner {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type Decision =
  | { readonly type: 'keep' }
  /** Some owners went, others stay: the references to those that went are removed. */
  | { readonly type: 'drop-owners'; readonly uids: readonly string[] }
  | {
      readonly type: 'delete';
      readonly propagationPolicy: 'Orphan' | 'Foreground' | 'Background';
      /** A dependent waits for its dependents in turn: to break a possible circle the object stops blocking its owners. */
      readonly unblockOwners: boolean;
    };

/** What becomes of an object, from the state of its owners and of those that it owns. */
export function decide(
  object: KubernetesObject,
  owners: readonly ClassifiedOwner[],
  dependents: readonly { readonly deletingDependents: boolean }[],
): Decision {
  if (owners.length === 0) return { type: 'keep' };
  const leaving = owners.filter(({ state }) => state !== 'solid');
  if (leaving.length < owners.length) {
    return leaving.length === 0
      ? { type: 'keep' }
      : { type: 'drop-owners', uids: leaving.map(({ reference }) => reference.uid) };
  }
  if (owners.some(({ state }) => state === 'waiting') && dependents.length > 0) {
    const unblockOwners = dependents.some(({ deletingDependents }) => deletingDependents);
    return { type: 'delete', propagationPolicy: 'Foreground', unblockOwners };
  }
  return { type: 'delete', propagationPolicy: policyOf(object.metadata?.finalizers ?? []), unblockOwners: false };
}

/** A finalizer that is there already says what was asked for before. */
function policyOf(finalizers: readonly string[]): 'Orphan' | 'Foreground' | 'Background' {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}
