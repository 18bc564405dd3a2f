/** The CRI v1 messages that the driver reads, as the decoder makes them: every field present, 64-bit numbers as doubles. */

export interface WireContainer {
  id: string;
  podSandboxId: string;
  metadata: { name: string; attempt: number } | null;
  image: { image: string; userSpecifiedImage: string } | null;
  imageRef: string;
  imageId: string;
  state: string;
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface WireContainerStatus extends Omit<WireContainer, 'podSandboxId'> {
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  reason: string;
  message: string;
  mounts: { containerPath: string; hostPath: string; readonly: boolean; propagation: string }[];
  logPath: string;
  resources: { linux: WireResources | null } | null;
  user: { linux: { uid: number; gid: number; supplementalGroups: number[] } | null } | null;
}

export interface WireResources {
  cpuPeriod: number;
  cpuQuota: number;
  cpuShares: number;
  memoryLimitInBytes: number;
  oomScoreAdj: number;
}

export interface WireSandbox {
  id: string;
  metadata: { name: string; uid: string; namespace: string; attempt: number } | null;
  state: string;
  createdAt: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  network?: { ip: string; additionalIps: { ip: string }[] } | null;
}

export interface WireImage {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: number;
  uid: { value: number } | null;
  username: string;
  pinned: boolean;
}

type Wrapped = { value: number } | null;

export interface WireStats {
  attributes: { id: string; labels: Record<string, string> } | null;
  cpu: { timestamp: number; usageCoreNanoSeconds: Wrapped } | null;
  memory: { workingSetBytes: Wrapped; usageBytes: Wrapped; rssBytes: Wrapped } | null;
  writableLayer: { usedBytes: Wrapped; inodesUsed: Wrapped } | null;
}

export interface WireFilesystem {
  fsId: { mountpoint: string } | null;
  usedBytes: Wrapped;
  inodesUsed: Wrapped;
}

export interface WireEvent {
  topic: string;
  event: { typeUrl: string; value: Uint8Array } | null;
}
