import { quantityMilliValue, quantityValue } from '@coracle/apimachinery/quantity';
import type { Container, Pod, ResourceRequirements } from '@coracle/apimachinery/types/core-v1';
import type { LinuxResources } from '../runtime/index.ts';
import { isSidecar } from './observed.ts';
import { qosClass } from './qos.ts';

/** The kernel's scales (cm/helpers_linux.go). Times in microseconds. */
const sharesMin = 2;
const sharesMax = 262_144;
const sharesPerCpu = 1024;
const quotaPeriod = 100_000;
const quotaMin = 1000;

const guaranteedOomScore = -997;
const bestEffortOomScore = 1000;

export function cpuShares(milliCpu: number): number {
  if (milliCpu <= 0) return sharesMin;
  return Math.min(sharesMax, Math.max(sharesMin, Math.floor((milliCpu * sharesPerCpu) / 1000)));
}

/** Microseconds a period; 0 = no limit. */
export function cpuQuota(milliCpu: number): number {
  if (milliCpu <= 0) return 0;
  return Math.max(quotaMin, Math.floor((milliCpu * quotaPeriod) / 1000));
}

export interface NodeMemory {
  /** Decides how soon the kernel picks a burstable container when memory runs out. */
  readonly capacityBytes: number;
  /** What a container without a limit is slowed down before it reaches. */
  readonly allocatableBytes: number;
  readonly cgroup: 'v1' | 'v2';
}

export function containerResources(pod: Pod, spec: Container, node: NodeMemory): LinuxResources {
  const limits = { ...limitsOf(spec.resources ?? {}), oomScoreAdj: oomScore(pod, spec, node.capacityBytes) };
  return node.cgroup === 'v1' ? limits : { ...limits, unified: unifiedOf(pod, spec, node.allocatableBytes) };
}

/** memoryThrottlingFactor */
const throttlingFactor = 0.9;
const pageBytes = 4096;

/**
 * What only cgroup v2 knows: a container that runs out of memory ends as a whole, and is slowed down before that
 * (KEP-2570 with the kubelet's defaults: nothing is reserved).
 */
function unifiedOf(pod: Pod, { resources }: Container, allocatableBytes: number): Readonly<Record<string, string>> {
  const request = quantityValue(resources?.requests?.['memory']);
  const limit = quantityValue(resources?.limits?.['memory']);
  const isLeftToPod = limit === 0 && quantityValue(pod.spec?.resources?.limits?.['memory']) > 0;
  const high = isLeftToPod ? undefined : memoryHigh(request, limit, limit || allocatableBytes);
  return {
    'memory.oom.group': '1',
    'memory.min': '0',
    'memory.low': '0',
    ...(high !== undefined && { 'memory.high': String(high) }),
  };
}

/** Above this the kernel slows allocations down; undefined where the request is all there is. */
function memoryHigh(request: number, limit: number, ceiling: number): number | undefined {
  if (request === limit && request !== 0) return undefined;
  const high = Math.floor((request + (ceiling - request) * throttlingFactor) / pageBytes) * pageBytes;
  return high > request ? high : undefined;
}

function limitsOf({ requests, limits }: ResourceRequirements): LinuxResources {
  const cpuLimit = quantityMilliValue(limits?.['cpu']);
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : quantityMilliValue(requests['cpu']);
  const memory = quantityValue(limits?.['memory']);
  const quota = cpuQuota(cpuLimit);
  return {
    cpuShares: cpuShares(cpuRequest),
    cpuPeriod: quotaPeriod,
    ...(quota > 0 && { cpuQuota: quota }),
    ...(memory > 0 && { memoryLimitInBytes: memory }),
  };
}

function oomScore(pod: Pod, spec: Container, nodeMemoryBytes: number): number {
  const isCritical = (pod.spec?.priority ?? 0) >= 2_000_000_000;
  const qos = qosClass(pod);
  if (isCritical || qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort' || nodeMemoryBytes <= 0) return bestEffortOomScore;
  const request = quantityValue(spec.resources?.requests?.['memory']);
  const score = Math.floor(1000 - (1000 * request) / nodeMemoryBytes);
  if (score < 1000 + guaranteedOomScore) return 1000 + guaranteedOomScore;
  return score === bestEffortOomScore ? score - 1 : score;
}

export type ResourceName = string;

/**
 * What the whole pod asks for or may use: the sum of what runs together, or the greatest that runs alone before it, plus
 * overhead (KEP-753's formula for sidecars). `limits` of a resource that one container leaves open are absent.
 */
export function podResource(pod: Pod, list: 'requests' | 'limits', name: ResourceName): number | undefined {
  const measure = name === 'cpu' ? quantityMilliValue : quantityValue;
  const { containers = [], initContainers = [], overhead, resources } = pod.spec ?? {};
  const extra = overhead?.[name] === undefined ? 0 : measure(overhead[name]);
  const own = resources?.[list]?.[name];
  if (own !== undefined) return measure(own) + extra;
  let isOpen = false;
  const of = (container: Container) => {
    const value = container.resources?.[list]?.[name];
    if (value === undefined) isOpen = true;
    return value === undefined ? 0 : measure(value);
  };
  let sidecars = 0;
  let peak = 0;
  for (const container of initContainers) {
    if (isSidecar(container)) sidecars += of(container);
    peak = Math.max(peak, isSidecar(container) ? sidecars : sidecars + of(container));
  }
  const total = Math.max(peak, sidecars + containers.reduce((sum, container) => sum + of(container), 0));
  return list === 'limits' && isOpen ? undefined : total + extra;
}

/** Limits of the pod's own cgroup. */
export function podCgroupResources(pod: Pod): LinuxResources {
  const requests = podResource(pod, 'requests', 'cpu') ?? 0;
  const cpuLimit = podResource(pod, 'limits', 'cpu');
  const memoryLimit = podResource(pod, 'limits', 'memory');
  const quota = cpuLimit === undefined ? 0 : cpuQuota(cpuLimit);
  return {
    cpuShares: cpuShares(requests),
    cpuPeriod: quotaPeriod,
    ...(quota > 0 && { cpuQuota: quota }),
    ...(memoryLimit !== undefined && memoryLimit > 0 && { memoryLimitInBytes: memoryLimit }),
  };
}

/** `memory.high` of the pod's own cgroup on v2: only for pods that have resources of their own (KEP-2837). */
export function podMemoryHigh(pod: Pod): number | undefined {
  const limit = podResource(pod, 'limits', 'memory') ?? 0;
  if (!pod.spec?.resources || limit === 0) return undefined;
  return memoryHigh(podResource(pod, 'requests', 'memory') ?? 0, limit, limit);
}
