import { quantityValue } from '@coracle/apimachinery/quantity';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { podResource } from '../pods/resources.ts';
import { binary } from './storage-limits.ts';
import type { Signal, StarvedResource } from './thresholds.ts';
import { type Candidate, type ContainerUsage, type DiskParts, podDisk, podMemory, type PodUsage } from './usage.ts';

type Compare = (a: Candidate, b: Candidate) => number;

const systemCritical = 2_000_000_000;

/** Those that the node cannot do without are never evicted. */
export function isCritical({ spec }: Pod): boolean {
  return (spec?.priority ?? 0) >= systemCritical;
}

/**
 * The pods in the order in which they go: who uses more than they asked for before who does not, lower priority before
 * higher, then by how much they use beyond their requests. Pure; upstream's `rankMemoryPressure` and its neighbours.
 */
export function rankPods(signal: Signal, pods: readonly Candidate[], imagesApart: boolean): readonly Candidate[] {
  return pods.toSorted(inOrder(...comparisons(signal, imagesApart)));
}

function comparisons(signal: Signal, imagesApart: boolean): readonly Compare[] {
  if (signal === 'pid.available') return [byPriority, unknownFirst((usage) => usage.processes)];
  if (signal === 'memory.available' || signal === 'allocatableMemory.available') {
    const excess = (usage: PodUsage, pod: Pod) => podMemory(usage) - request(pod, 'memory');
    return [overRequestsFirst(excess), byPriority, unknownFirst(excess)];
  }
  const parts = diskParts(signal, imagesApart);
  const countsInodes = signal.endsWith('inodesFree');
  const used = (usage: PodUsage) => podDisk(usage, parts)[countsInodes ? 'inodes' : 'bytes'];
  const over = (usage: PodUsage, pod: Pod) => used(usage) - (countsInodes ? 0 : request(pod, 'ephemeral-storage'));
  const excess = (usage: PodUsage, pod: Pod) => used(usage) - request(pod, 'ephemeral-storage');
  return [overRequestsFirst(over), byPriority, unknownFirst(excess)];
}

/** With one disk for both, all that pods write is on it. */
function diskParts(signal: Signal, imagesApart: boolean): DiskParts {
  if (!imagesApart) return { rootfs: true, logsAndVolumes: true };
  const isImages = signal.startsWith('imagefs');
  return { rootfs: isImages, logsAndVolumes: !isImages };
}

function request(pod: Pod, name: 'memory' | 'ephemeral-storage'): number {
  return podResource(pod, 'requests', name) ?? 0;
}

function inOrder(...all: readonly Compare[]): Compare {
  return (a, b) => {
    for (const compare of all) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    return 0;
  };
}

const byPriority: Compare = (a, b) => (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0);

function overRequestsFirst(excess: (usage: PodUsage, pod: Pod) => number): Compare {
  return unknownFirst((usage, pod) => Number(excess(usage, pod) > 0));
}

/** Largest first; nobody knows how much a pod without figures uses. */
function unknownFirst(measure: (usage: PodUsage, pod: Pod) => number): Compare {
  return (a, b) => {
    if (!a.usage || !b.usage) return Number(a.usage !== undefined) - Number(b.usage !== undefined);
    return measure(b.usage, b.pod) - measure(a.usage, a.pod);
  };
}

export interface EvictionMessage {
  readonly message: string;
  /** Of the event. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What users read in the pod's status. Pure; upstream's `evictionMessage`. */
export function evictionMessage(
  resource: StarvedResource,
  { pod, usage }: Candidate,
  shortage: { readonly threshold: number; readonly available: number } | undefined,
): EvictionMessage {
  let message = `The node was low on resource: ${resource}. `;
  if (shortage)
    message += `Threshold quantity: ${amount(resource, shortage.threshold)}, available: ${amount(resource, shortage.available)}. `;
  if (!usage) return { message, annotations: {} };
  const annotations: Record<string, string> = {};
  const podRequest = resource === 'memory' ? pod.spec?.resources?.requests?.['memory'] : undefined;
  if (podRequest !== undefined) {
    const used = binary(podMemory(usage));
    message += `Pod ${pod.metadata?.name} was using ${used}, request is ${podRequest}, has larger consumption of memory. `;
    annotations['offending_pod'] = pod.metadata?.name ?? '';
    annotations['offending_pod_usage'] = used;
  }
  const offenders = offendingContainers(resource, pod, usage);
  for (const { name, used, request: asked } of offenders)
    message += `Container ${name} was using ${used}, request is ${asked}, has larger consumption of ${resource}. `;
  annotations['offending_containers'] = offenders.map(({ name }) => name).join(',');
  annotations['offending_containers_usage'] = offenders.map(({ used }) => used).join(',');
  annotations['starved_resource'] = resource;
  return { message, annotations };
}

function offendingContainers(resource: StarvedResource, pod: Pod, { containers }: PodUsage) {
  const measure: ((one: ContainerUsage) => number) | undefined = {
    memory: (one: ContainerUsage) => one.memoryBytes,
    'ephemeral-storage': (one: ContainerUsage) => one.rootfs.bytes + one.logs.bytes,
    inodes: undefined,
    pids: undefined,
  }[resource];
  if (!measure) return [];
  const specs = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return containers.flatMap((one) => {
    const spec = specs.find(({ name }) => name === one.name);
    const asked = spec?.resources?.requests?.[resource] ?? '0';
    const isOver = spec !== undefined && measure(one) > quantityValue(asked);
    return isOver ? [{ name: one.name, used: binary(measure(one)), request: asked }] : [];
  });
}

function amount(resource: StarvedResource, units: number): string {
  return resource === 'memory' || resource === 'ephemeral-storage' ? binary(units) : String(units);
}
