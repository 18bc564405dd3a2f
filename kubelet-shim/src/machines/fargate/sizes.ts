import { quantityMilliValue, quantityValue } from '@coracle/apimachinery/quantity';
import type { Container, Pod } from '@coracle/apimachinery/types/core-v1';
import { fargateOverheadMiB, fargateSizeRows } from '../../data/index.ts';

/** What a machine has, or a pod asks for. */
export interface FargateSize {
  readonly cpuMillis: number;
  readonly memoryMiB: number;
}

const sizes: readonly FargateSize[] = fargateSizeRows.flatMap(([cpuUnits, memories]) =>
  memories.map((memoryMiB) => ({ cpuMillis: (cpuUnits * 1000) / 1024, memoryMiB })),
);

/**
 * The smallest machine that holds the pod and the Kubernetes components; undefined where the pod is too big for any. Of
 * machines with enough memory the one with fewer processors is the smaller. A pod that asks for nothing gets the smallest.
 */
export function sizeFor(pod: Pick<Pod, 'spec'>): FargateSize | undefined {
  const wanted = requirementOf(pod);
  if (wanted.cpuMillis === 0 && wanted.memoryMiB === 0) return sizes[0];
  const memoryMiB = wanted.memoryMiB + fargateOverheadMiB;
  return sizes.find((size) => size.cpuMillis >= wanted.cpuMillis && size.memoryMiB >= memoryMiB);
}

/** The sum of what runs at the same time, or the largest init container where that is more, resource by resource. */
export function requirementOf({ spec }: Pick<Pod, 'spec'>): FargateSize {
  const init = spec?.initContainers ?? [];
  const longRunning = [...(spec?.containers ?? []), ...init.filter(({ restartPolicy }) => restartPolicy === 'Always')];
  const passing = init.filter(({ restartPolicy }) => restartPolicy !== 'Always');
  return {
    cpuMillis: Math.max(sum(longRunning.map(cpuOf)), ...passing.map(cpuOf)),
    memoryMiB: Math.max(sum(longRunning.map(memoryOf)), ...passing.map(memoryOf)),
  };
}

/** `0.25vCPU 0.5GB`, the value of the annotation `CapacityProvisioned`. */
export function capacityText({ cpuMillis, memoryMiB }: FargateSize): string {
  return `${cpuMillis / 1000}vCPU ${memoryMiB / 1024}GB`;
}

function cpuOf(container: Container): number {
  return quantityMilliValue(asked(container, 'cpu'));
}

function memoryOf(container: Container): number {
  return Math.ceil(quantityValue(asked(container, 'memory')) / 2 ** 20);
}

function asked({ resources }: Container, name: string): string {
  return String(resources?.requests?.[name] ?? resources?.limits?.[name] ?? 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
