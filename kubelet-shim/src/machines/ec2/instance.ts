import type { Random } from '@coracle/apimachinery/clock';
import type { InstanceType } from '../../data/index.ts';

/** What a node of this instance type reports, as EKS nodes do. Quantities by resource name. */
export interface NodeResources {
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Part of the memory that firmware and kernel keep (karpenter's VM_MEMORY_OVERHEAD_PERCENT). */
const hiddenMemory = 0.075;
const evictionMemoryMiB = 100;
const evictionDisk = 0.1;
const reservedDiskBytes = 2 ** 30;

/** Allocatable is what is left after kube-reserved and the hard eviction limits (amazon-eks-ami nodeadm). */
export function nodeResources(type: InstanceType, diskSizeGiB: number): NodeResources {
  const memoryKiB = Math.floor(type.memoryMiB * (1 - hiddenMemory) * 1024);
  const reservedKiB = (reservedMemoryMiB(type.maxPods) + evictionMemoryMiB) * 1024;
  const diskBytes = diskSizeGiB * 2 ** 30;
  const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(type.maxPods) };
  return {
    capacity: {
      ...common,
      cpu: String(type.vcpus),
      memory: `${memoryKiB}Ki`,
      'ephemeral-storage': `${diskBytes / 1024}Ki`,
    },
    allocatable: {
      ...common,
      cpu: `${type.vcpus * 1000 - reservedCpuMillis(type.vcpus)}m`,
      memory: `${memoryKiB - reservedKiB}Ki`,
      'ephemeral-storage': String(Math.floor(diskBytes * (1 - evictionDisk)) - reservedDiskBytes),
    },
  };
}

/** 255 MiB and 11 MiB a pod. */
export function reservedMemoryMiB(maxPods: number): number {
  return 255 + 11 * maxPods;
}

/** 6 % of the first core, 1 % of the second, 0.5 % of the third and fourth, 0.25 % of all others. */
export function reservedCpuMillis(vcpus: number): number {
  const shares = [60, 10, 5, 5];
  let reserved = 0;
  for (let core = 0; core < vcpus; core++) reserved += shares[core] ?? 2.5;
  return Math.floor(reserved);
}

export interface InstanceLabels {
  readonly region: string;
  readonly zone: string;
  readonly nodeGroup: string;
  readonly capacityType: string;
  readonly own: Readonly<Record<string, string>>;
}

/** Labels that cloud provider, kubelet and EKS set. A group's own labels win over none of them. */
export function instanceLabels(type: InstanceType, labels: InstanceLabels): Readonly<Record<string, string>> {
  return {
    ...labels.own,
    ...zoneLabels(labels.region, labels.zone),
    'node.kubernetes.io/instance-type': type.name,
    'beta.kubernetes.io/instance-type': type.name,
    'eks.amazonaws.com/nodegroup': labels.nodeGroup,
    'eks.amazonaws.com/capacityType': labels.capacityType,
  };
}

export function zoneLabels(region: string, zone: string): Readonly<Record<string, string>> {
  return {
    'topology.kubernetes.io/region': region,
    'topology.kubernetes.io/zone': zone,
    'failure-domain.beta.kubernetes.io/region': region,
    'failure-domain.beta.kubernetes.io/zone': zone,
  };
}

export const nodeGroupLabel = 'eks.amazonaws.com/nodegroup';

/** `i-` and 17 hexadecimal digits. */
export function instanceId(random: Random): string {
  return `i-${Buffer.from(random.bytes(9)).toString('hex').slice(0, 17)}`;
}
