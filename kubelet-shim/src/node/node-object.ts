import type { Node, NodeCondition, NodeStatus, NodeSystemInfo } from '@coracle/apimachinery/types/core-v1';
import type { ContainerImage } from '@coracle/apimachinery/types/core-v1';
import type { PressureCondition } from '../eviction/index.ts';
import type { NodeAgentOptions } from './options.ts';

export const defaultKubeletPort = 10_250;

/** The Node as it is registered: everything that only this agent knows. */
export function newNode(options: NodeAgentOptions, status: NodeStatus): Node {
  const { nodeName, labels = {}, annotations = {}, taints = [], unschedulable, podCIDR, providerID } = options;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: { ...standardLabels(options), ...labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
    },
    spec: {
      ...(podCIDR !== undefined && { podCIDR, podCIDRs: [podCIDR] }),
      ...(providerID !== undefined && { providerID }),
      ...(taints.length > 0 && { taints: [...taints] }),
      ...(unschedulable && { unschedulable }),
    },
    status,
  };
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export function architecture(): string {
  return architectures[process.arch] ?? process.arch;
}

/** Labels that every node has; kept up to date on one that is registered already. */
export function standardLabels({ nodeName }: Pick<NodeAgentOptions, 'nodeName'>): Record<string, string> {
  const arch = architecture();
  return {
    'beta.kubernetes.io/arch': arch,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
  };
}

const pressureConditions = ['MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

type Words = readonly [reason: string, message: string];

/** `Kubelet<reason>` in the condition, `Node<reason>` in the event that tells of the change (nodestatus/setters.go). */
export const pressureWords: Readonly<Record<PressureCondition, { readonly present: Words; readonly absent: Words }>> = {
  MemoryPressure: {
    present: ['HasInsufficientMemory', 'has insufficient memory available'],
    absent: ['HasSufficientMemory', 'has sufficient memory available'],
  },
  DiskPressure: {
    present: ['HasDiskPressure', 'has disk pressure'],
    absent: ['HasNoDiskPressure', 'has no disk pressure'],
  },
  PIDPressure: {
    present: ['HasInsufficientPID', 'has insufficient PID available'],
    absent: ['HasSufficientPID', 'has sufficient PID available'],
  },
};

export interface NodeStatusInput {
  readonly options: NodeAgentOptions;
  readonly info: NodeSystemInfo;
  readonly images: readonly ContainerImage[];
  readonly previous: readonly NodeCondition[];
  /** Why the node cannot run pods; undefined where it can. */
  readonly problem: string | undefined;
  /** What the node is short of. */
  readonly pressure: ReadonlySet<PressureCondition>;
  readonly now: string;
}

/** Pure: the part of the status that the agent writes. */
export function nodeStatus({ options, info, images, previous, problem, pressure, now }: NodeStatusInput): NodeStatus {
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string): NodeCondition => {
    const before = previous.find((one) => one.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  };
  const ready =
    problem === undefined
      ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', 'False', 'KubeletNotReady', problem);
  return {
    capacity: { ...options.capacity },
    allocatable: { ...options.allocatable },
    conditions: [
      ...pressureConditions.map((type) => {
        const isPresent = pressure.has(type);
        const { present, absent } = pressureWords[type];
        const [reason, message] = isPresent ? present : absent;
        return condition(type, isPresent ? 'True' : 'False', `Kubelet${reason}`, `kubelet ${message}`);
      }),
      ready,
    ],
    addresses: options.addresses.map((address) => ({ ...address })),
    daemonEndpoints: {
      kubeletEndpoint: { Port: options.serving?.advertisedPort ?? options.serving?.port ?? defaultKubeletPort },
    },
    nodeInfo: info,
    ...(images.length > 0 && { images: [...images] }),
    runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
    features: { supplementalGroupsPolicy: false },
  };
}
