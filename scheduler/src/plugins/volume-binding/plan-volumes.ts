import { selectorOf } from '@coracle/apimachinery/selectors';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { CSIStorageCapacity, StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import { amountOf } from '../../cache/resources.ts';
import type { Listers } from '../../framework/cluster.ts';
import { storageClassOf } from '../../framework/pod-claims.ts';
import { SchedulingError } from '../../framework/status.ts';
import { findMatchingVolume, isUsableOn, requestedBytes } from './match-volume.ts';
import { selectedNodeAnnotation, type VolumePlan, type Volumes } from './volumes.ts';

export const reasons = {
  nodeConflict: "node(s) didn't match PersistentVolume's node affinity",
  bindConflict: "node(s) didn't find available persistent volumes to bind",
  notEnoughSpace: 'node(s) did not have enough free storage',
  volumeMissing: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const;

/** A pod's claims: those that have a volume, and those that get one when its node is known. */
export interface SortedClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** The smallest first. */
  readonly delayed: readonly PersistentVolumeClaim[];
}

interface PlanSources {
  readonly volumes: Volumes;
  readonly listers: Listers;
}

/** What has to be done for the claims if the pod went to the node, or why it cannot go there (volumebinding/binder.go). */
export function planVolumes(
  claims: SortedClaims,
  node: NodeInfo,
  sources: PlanSources,
): VolumePlan | readonly string[] {
  const objections: string[] = [];
  const boundObjection = checkBound(claims.bound, node, sources.volumes);
  if (boundObjection === reasons.nodeConflict) objections.push(boundObjection);
  const delayed = planDelayed(claims.delayed, node, sources);
  if (typeof delayed === 'string') objections.push(delayed);
  if (boundObjection === reasons.volumeMissing) objections.push(boundObjection);
  return typeof delayed === 'string' || objections.length > 0 ? objections : delayed;
}

function checkBound(bound: readonly PersistentVolumeClaim[], node: NodeInfo, { volumes }: Volumes): string | undefined {
  for (const claim of bound) {
    const volume = volumes.get(claim.spec?.volumeName ?? '');
    if (!volume) return reasons.volumeMissing;
    if (!isUsableOn(volume, node)) return reasons.nodeConflict;
  }
  return undefined;
}

function planDelayed(
  delayed: readonly PersistentVolumeClaim[],
  node: NodeInfo,
  { volumes, listers }: PlanSources,
): VolumePlan | string {
  const bindings: VolumePlan['bindings'][number][] = [];
  const provisions: VolumePlan['provisions'][number][] = [];
  const taken = new Set<string>();
  for (const claim of delayed) {
    const selected = claim.metadata?.annotations?.[selectedNodeAnnotation];
    if (selected !== undefined && selected !== node.name) return reasons.bindConflict;
    const volume = selected === undefined ? findMatchingVolume(claim, volumes.volumes.list(), node, taken) : undefined;
    if (volume) {
      taken.add(volume.metadata?.name ?? '');
      bindings.push({ claim, volume });
      continue;
    }
    const provision = planProvision(claim, node, listers);
    if (typeof provision === 'string') return provision;
    provisions.push({ claim, ...provision });
  }
  return { bindings, provisions };
}

function planProvision(claim: PersistentVolumeClaim, node: NodeInfo, listers: Listers) {
  const className = storageClassOf(claim);
  const key = `${claim.metadata?.namespace}/${claim.metadata?.name}`;
  if (className === '') throw new SchedulingError(`no class for claim "${key}"`);
  const storageClass = listers.storageClasses.get(className);
  if (!storageClass) throw new SchedulingError(`failed to find storage class "${className}"`);
  const { provisioner } = storageClass;
  if (!provisioner || provisioner === 'kubernetes.io/no-provisioner') return reasons.bindConflict;
  if (!isAllowedOn(storageClass, node)) return reasons.bindConflict;
  if (listers.csiDrivers.get(provisioner)?.spec?.storageCapacity !== true) return { capacity: undefined };
  const capacity = listers.csiStorageCapacities
    .list()
    .find((candidate) => candidate.storageClassName === className && hasRoom(candidate, claim, node));
  return capacity ? { capacity: bytes(capacity.capacity) } : reasons.notEnoughSpace;
}

function isAllowedOn({ allowedTopologies }: StorageClass, { labels }: NodeInfo): boolean {
  if (!allowedTopologies?.length) return true;
  return allowedTopologies.some(({ matchLabelExpressions }) =>
    (matchLabelExpressions ?? []).every(({ key, values }) => values.includes(labels[key] ?? '')),
  );
}

function hasRoom(candidate: CSIStorageCapacity, claim: PersistentVolumeClaim, { labels }: NodeInfo): boolean {
  const limit = bytes(candidate.maximumVolumeSize ?? candidate.capacity);
  if (limit === undefined || limit < requestedBytes(claim) || !candidate.nodeTopology) return false;
  return selectorOf(candidate.nodeTopology).matches(labels);
}

export function bytes(text: string | undefined): number | undefined {
  return text === undefined ? undefined : amountOf('storage', String(text));
}
