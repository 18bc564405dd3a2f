import { quantityValue } from '@coracle/apimachinery/quantity';
import type { Container, Pod } from '@coracle/apimachinery/types/core-v1';
import { isSidecar } from '../pods/observed.ts';

export interface DiskUsage {
  readonly bytes: number;
  readonly inodes: number;
}

export interface ContainerUsage {
  readonly name: string;
  readonly memoryBytes: number;
  /** What it wrote over its image. */
  readonly rootfs: DiskUsage;
  readonly logs: DiskUsage;
}

export interface PodUsage {
  readonly containers: readonly ContainerUsage[];
  /** Its emptyDir volumes on disk, by name. */
  readonly volumes: ReadonlyMap<string, DiskUsage>;
  readonly processes: number;
}

/** A pod that runs, and what it uses; undefined where that is not known. */
export interface Candidate {
  readonly pod: Pod;
  readonly usage: PodUsage | undefined;
}

export const noDisk: DiskUsage = { bytes: 0, inodes: 0 };

export function podMemory({ containers }: PodUsage): number {
  return containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}

/** Which parts of a pod's disk usage count. */
export interface DiskParts {
  readonly rootfs: boolean;
  readonly logsAndVolumes: boolean;
}

export function podDisk({ containers, volumes }: PodUsage, { rootfs, logsAndVolumes }: DiskParts): DiskUsage {
  const parts = [
    ...(rootfs ? containers.map((one) => one.rootfs) : []),
    ...(logsAndVolumes ? [...containers.map((one) => one.logs), ...volumes.values()] : []),
  ];
  return parts.reduce((sum, { bytes, inodes }) => ({ bytes: sum.bytes + bytes, inodes: sum.inodes + inodes }), noDisk);
}

/** What the containers that have a limit may use together; undefined where none has one. */
export function ephemeralStorageLimit(pod: Pod): number | undefined {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const limitOf = (container: Container) => container.resources?.limits?.['ephemeral-storage'];
  if (![...containers, ...initContainers].some((one) => limitOf(one) !== undefined)) return undefined;
  const value = (container: Container) => quantityValue(limitOf(container));
  let sidecars = 0;
  let peak = 0;
  for (const container of initContainers) {
    if (isSidecar(container)) sidecars += value(container);
    peak = Math.max(peak, isSidecar(container) ? sidecars : sidecars + value(container));
  }
  return Math.max(peak, sidecars + containers.reduce((sum, container) => sum + value(container), 0));
}

/** Whether its disk usage must be looked at though the node is short of nothing. */
export function hasStorageLimits(pod: Pod): boolean {
  const isLimited = (pod.spec?.volumes ?? []).some(
    ({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== 'Memory',
  );
  return isLimited || ephemeralStorageLimit(pod) !== undefined;
}
