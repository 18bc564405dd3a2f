import type { PersistentVolumeClaim, Pod, Volume } from '@coracle/apimachinery/types/core-v1';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import { action } from '../../framework/cluster-event.ts';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { Plugin, WhatIfFilter } from '../../framework/plugin.ts';
import { usesClaim } from '../../framework/pod-claims.ts';
import { type Status, unresolvable, unschedulable } from '../../framework/status.ts';

const name = 'VolumeRestrictions';
const diskConflict = unschedulable(name, 'node(s) had no available disk');
const claimInUse = unschedulable(
  name,
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

/** Disks that only one pod may use on a node, and claims that only one pod may use at all. */
export function volumeRestrictions({ cache, listers }: Cluster): Plugin {
  return {
    name,
    hints: [
      {
        resource: 'AssignedPod',
        actions: action.delete,
        helps: ({ pod }, previous) => sharesVolume(pod, previous as Pod),
      },
      { resource: 'Node', actions: action.add },
      {
        resource: 'PersistentVolumeClaim',
        actions: action.add,
        helps: ({ pod }, _, current) => usesClaim(pod, current as PersistentVolumeClaim),
      },
    ],

    filter({ pod, namespace }) {
      const volumes = pod.spec?.volumes ?? [];
      const disks = volumes.filter(isExclusiveDisk);
      const exclusive = new Set<string>();
      let conflicts = 0;
      for (const { persistentVolumeClaim } of volumes) {
        if (!persistentVolumeClaim) continue;
        const { claimName } = persistentVolumeClaim;
        const claim = listers.persistentVolumeClaims.get(claimName, namespace);
        if (!claim) return { rejection: unresolvable(name, `persistentvolumeclaim "${claimName}" not found`) };
        if (!claim.spec?.accessModes?.includes('ReadWriteOncePod') || exclusive.has(claimName)) continue;
        exclusive.add(claimName);
        if (cache.isClaimInUse(`${namespace}/${claimName}`)) conflicts++;
      }
      if (disks.length === 0 && conflicts === 0) return undefined;
      return new RestrictionsFilter(namespace, disks, exclusive, conflicts);
    },
  };
}

class RestrictionsFilter implements WhatIfFilter {
  readonly #namespace: string;
  readonly #disks: readonly Volume[];
  /** Claims of this pod that nobody else may use. */
  readonly #exclusive: ReadonlySet<string>;
  #conflicts: number;

  constructor(namespace: string, disks: readonly Volume[], exclusive: ReadonlySet<string>, conflicts: number) {
    this.#namespace = namespace;
    this.#disks = disks;
    this.#exclusive = exclusive;
    this.#conflicts = conflicts;
  }

  check({ pods }: NodeInfo): Status | undefined {
    if (this.#disks.length > 0) {
      for (const { pod } of pods.values()) {
        if (pod.spec?.volumes?.some((other) => this.#disks.some((disk) => collide(disk, other)))) return diskConflict;
      }
    }
    return this.#conflicts > 0 ? claimInUse : undefined;
  }

  fork(): RestrictionsFilter {
    return new RestrictionsFilter(this.#namespace, this.#disks, this.#exclusive, this.#conflicts);
  }

  podMoved({ namespace, pod }: PodInfo, _: NodeInfo, sign: 1 | -1): void {
    if (namespace !== this.#namespace) return;
    for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
      if (persistentVolumeClaim && this.#exclusive.has(persistentVolumeClaim.claimName)) this.#conflicts += sign;
    }
  }
}

function isExclusiveDisk({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean {
  return Boolean(gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi);
}

/** The same disk, unless both only read it. */
function collide(one: Volume, other: Volume): boolean {
  const canShare = (a: { readOnly?: boolean }, b: { readOnly?: boolean }) => a.readOnly === true && b.readOnly === true;
  const { gcePersistentDisk: gce, awsElasticBlockStore: ebs, iscsi, rbd } = one;
  if (gce && other.gcePersistentDisk) {
    if (gce.pdName === other.gcePersistentDisk.pdName && !canShare(gce, other.gcePersistentDisk)) return true;
  }
  if (ebs && ebs.volumeID === other.awsElasticBlockStore?.volumeID) return true;
  if (iscsi && other.iscsi && iscsi.iqn === other.iscsi.iqn && !canShare(iscsi, other.iscsi)) return true;
  if (!rbd || !other.rbd || canShare(rbd, other.rbd)) return false;
  const { monitors, pool, image } = other.rbd;
  const isSameImage = (rbd.pool ?? 'rbd') === (pool ?? 'rbd') && rbd.image === image;
  return isSameImage && rbd.monitors.some((monitor) => monitors.includes(monitor));
}

function sharesVolume(pod: Pod, other: Pod): boolean {
  if (pod.metadata?.namespace !== other.metadata?.namespace) return false;
  const theirs = other.spec?.volumes ?? [];
  return (pod.spec?.volumes ?? []).some((mine) =>
    theirs.some(
      (volume) =>
        collide(mine, volume) ||
        (mine.persistentVolumeClaim !== undefined &&
          mine.persistentVolumeClaim.claimName === volume.persistentVolumeClaim?.claimName),
    ),
  );
}
