import type { PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';
import type { CSINode } from '@coracle/apimachinery/types/storage-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { Cluster, Listers } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import type { Filter, Plugin } from '../../framework/plugin.ts';
import { ephemeralClaimObjection, podClaims, storageClassOf, usesClaim } from '../../framework/pod-claims.ts';
import { SchedulingError, type Status, unresolvable, unschedulable } from '../../framework/status.ts';

const name = 'NodeVolumeLimits';
const tooMany = unschedulable(name, 'node(s) exceed max volume count');

/** Volume by its unique name → the driver that attaches it. */
type Attachments = Map<string, string>;

/** A node can attach only so many volumes of a driver, as its CSINode says. */
export function nodeVolumeLimits({ listers }: Cluster): Plugin {
  return {
    name,
    hints: [
      { resource: 'CSINode', actions: action.add | action.update },
      {
        resource: 'AssignedPod',
        actions: action.delete,
        helps: (_, previous) => podClaims(previous as Pod).length > 0,
      },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add | action.update,
        helps: ({ pod }, _, current) => usesClaim(pod, current as PersistentVolumeClaim),
      },
      { resource: 'PersistentVolume', actions: action.add },
      { resource: 'StorageClass', actions: action.add },
      { resource: 'VolumeAttachment', actions: action.delete },
    ],

    filter({ pod, namespace }) {
      const claims = podClaims(pod);
      if (claims.length === 0) return undefined;
      const wanted: Attachments = new Map();
      for (const { name: claimName, isEphemeral } of claims) {
        const claim = listers.persistentVolumeClaims.get(claimName, namespace);
        if (!claim) {
          const message = `looking up PVC ${namespace}/${claimName}: persistentvolumeclaim "${claimName}" not found`;
          return { rejection: unresolvable(name, message) };
        }
        const objection = isEphemeral ? ephemeralClaimObjection(pod, claim) : undefined;
        if (objection) throw new SchedulingError(objection);
        addAttachment(wanted, claim, listers);
      }
      return wanted.size === 0 ? undefined : limitFilter(wanted, listers);
    },
  };
}

function limitFilter(wanted: Attachments, listers: Listers): Filter {
  return {
    check(node): Status | undefined {
      const limits = limitsOf(listers.csiNodes.get(node.name));
      if (limits.size === 0) return undefined;
      const attached = attachedTo(node, listers);
      const counts = new Map<string, number>();
      const count = (driver: string) => counts.set(driver, (counts.get(driver) ?? 0) + 1);
      for (const driver of attached.values()) count(driver);
      for (const [volume, driver] of wanted) {
        if (attached.has(volume)) continue;
        count(driver);
        if ((counts.get(driver) ?? 0) > (limits.get(driver) ?? Number.POSITIVE_INFINITY)) return tooMany;
      }
      return undefined;
    },
  };
}

function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name: driver, allocatable } of csiNode?.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(driver, allocatable.count);
  }
  return limits;
}

/** What the pods on the node use, and what is attached to it besides. */
function attachedTo(node: NodeInfo, listers: Listers): Attachments {
  const attached: Attachments = new Map();
  for (const { pod, namespace } of node.pods.values()) {
    for (const { name: claimName } of podClaims(pod)) {
      const claim = listers.persistentVolumeClaims.get(claimName, namespace);
      if (claim) addAttachment(attached, claim, listers);
    }
  }
  for (const { spec } of listers.volumeAttachments.list()) {
    if (spec?.nodeName !== node.name || !spec.source.persistentVolumeName) continue;
    const csi = listers.persistentVolumes.get(spec.source.persistentVolumeName)?.spec?.csi;
    if (csi) attached.set(uniqueName(csi.driver, csi.volumeHandle), csi.driver);
  }
  return attached;
}

/** A claim without a volume counts as one of its class's driver, whose name only has to be unlike any other. */
function addAttachment(attachments: Attachments, claim: PersistentVolumeClaim, listers: Listers): void {
  const volume = claim.spec?.volumeName ? listers.persistentVolumes.get(claim.spec.volumeName) : undefined;
  if (volume) {
    const csi = volume.spec?.csi;
    if (csi) attachments.set(uniqueName(csi.driver, csi.volumeHandle), csi.driver);
    return;
  }
  const driver = listers.storageClasses.get(storageClassOf(claim))?.provisioner;
  if (driver)
    attachments.set(uniqueName(driver, `unbound-${claim.metadata?.namespace}/${claim.metadata?.name}`), driver);
}

function uniqueName(driver: string, handle: string): string {
  return `${driver}/${handle}`;
}
