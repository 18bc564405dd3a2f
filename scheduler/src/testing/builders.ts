import type { Affinity, Container, Node, Pod, PodSpec, Taint } from '@coracle/apimachinery/types/core-v1';

/** What a test says of a pod; everything else is as the API server would have made it. */
export interface PodWish extends Omit<Partial<PodSpec>, 'containers'> {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly cpu?: string;
  readonly memory?: string;
  readonly requests?: Record<string, string>;
  readonly hostPort?: number;
  readonly image?: string;
  readonly uid?: string;
  readonly owner?: { apiVersion: string; kind: string; name: string };
  readonly status?: Pod['status'];
  readonly deletionTimestamp?: string;
  readonly containers?: Container[];
}

let made = 0;

export function pod(wish: PodWish = {}): Pod {
  const { name = `pod-${++made}`, namespace = 'default', labels, cpu, memory, hostPort, image, owner, ...rest } = wish;
  const { requests: given, status, deletionTimestamp, uid = `uid-of-${name}`, containers, ...spec } = rest;
  const requests = { ...given, ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) };
  const ports = hostPort ? [{ containerPort: hostPort, hostPort, protocol: 'TCP' }] : [];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      uid,
      ...(labels ? { labels } : {}),
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
      ...(owner ? { ownerReferences: [{ ...owner, uid: `uid-of-${owner.name}`, controller: true }] } : {}),
    },
    spec: {
      schedulerName: 'default-scheduler',
      containers: containers ?? [{ name: 'main', image: image ?? 'example', resources: { requests }, ports }],
      ...spec,
    },
    status: status ?? { phase: 'Pending' },
  };
}

export interface NodeWish {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly zone?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly allocatable?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly images?: { names: string[]; sizeBytes: number }[];
  readonly features?: string[];
}

export function node(wish: NodeWish = {}): Node {
  const { name = `node-${++made}`, labels, zone, taints, unschedulable, images, features } = wish;
  const { cpu = '4', memory = '8Gi', pods = '110', allocatable } = wish;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}),
        ...labels,
      },
    },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: {
      allocatable: { cpu, memory, pods, ...allocatable },
      ...(images ? { images } : {}),
      ...(features ? { declaredFeatures: features } : {}),
    },
  };
}

type Selector = Record<string, string>;

/** Required pod affinity, or with `away` anti-affinity, to pods with these labels. */
export function podAffinity(labels: Selector, topologyKey = 'kubernetes.io/hostname'): Affinity {
  const term = { labelSelector: { matchLabels: labels }, topologyKey };
  return { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}

export function podAntiAffinity(labels: Selector, topologyKey = 'kubernetes.io/hostname'): Affinity {
  const term = { labelSelector: { matchLabels: labels }, topologyKey };
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}
