import { canonicalQuantity, Quantity, quantityValue } from '@coracle/apimachinery/quantity';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { isSidecar } from '../pods/observed.ts';
import { ephemeralStorageLimit, podDisk, type PodUsage } from './usage.ts';

/**
 * What the pod has used more of than its own limits let it, as the message of its eviction; undefined where it keeps to them.
 * Pure; the order is upstream's `localStorageEviction`. Memory-backed volumes are held to their size by the kernel.
 */
export function storageViolation(pod: Pod, usage: PodUsage, imagesApart: boolean): string | undefined {
  return emptyDirViolation(pod, usage) ?? podViolation(pod, usage) ?? containerViolation(pod, usage, imagesApart);
}

function emptyDirViolation(pod: Pod, { volumes }: PodUsage): string | undefined {
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    const limit = emptyDir?.sizeLimit;
    if (limit === undefined || emptyDir?.medium === 'Memory' || quantityValue(limit) === 0) continue;
    if ((volumes.get(name)?.bytes ?? 0) > quantityValue(limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${canonicalQuantity(limit)}". `;
  }
  return undefined;
}

function podViolation(pod: Pod, usage: PodUsage): string | undefined {
  const limit = ephemeralStorageLimit(pod);
  if (limit === undefined || podDisk(usage, { rootfs: true, logsAndVolumes: true }).bytes <= limit) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${binary(limit)}. `;
}

function containerViolation(pod: Pod, { containers }: PodUsage, imagesApart: boolean): string | undefined {
  const specs = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isSidecar)];
  for (const { name, logs, rootfs } of containers) {
    const limit = specs.find((spec) => spec.name === name)?.resources?.limits?.['ephemeral-storage'];
    if (limit === undefined || quantityValue(limit) === 0) continue;
    const used = logs.bytes + (imagesApart ? 0 : rootfs.bytes);
    if (used > quantityValue(limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${canonicalQuantity(limit)}". `;
  }
  return undefined;
}

/** `60Mi`: a count of bytes as upstream prints those that it measured. */
export function binary(bytes: number): string {
  return new Quantity(BigInt(Math.round(bytes)) * 1_000_000_000n, 'BinarySI').toString();
}
