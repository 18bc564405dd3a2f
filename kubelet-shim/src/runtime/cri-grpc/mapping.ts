import type {
  Container,
  ContainerConfig,
  ContainerSecurityContext,
  ContainerState,
  ContainerStats,
  LinuxResources,
  Mount,
  RuntimeImage,
  Sandbox,
  SandboxState,
} from '../cri.ts';
import type { WireContainer, WireContainerStatus, WireImage, WireResources, WireSandbox, WireStats } from './wire.ts';

const nanosecondsPerMillisecond = 1e6;
const toMilliseconds = (nanoseconds: number): number => Math.floor(nanoseconds / nanosecondsPerMillisecond);

export function toWireContainer(config: ContainerConfig): object {
  const { stopSignal, linux, envs, ...rest } = config;
  return {
    ...rest,
    // Values are bytes: a variable need not be text.
    envs: envs.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
    linux: { resources: linux.resources, securityContext: toWireSecurity(linux.securityContext) },
    ...(stopSignal !== undefined && { stopSignal: `SIGNAL_${stopSignal}` }),
  };
}

function toWireSecurity({ apparmorProfile, ...context }: ContainerSecurityContext): object {
  if (apparmorProfile === undefined) return context;
  // Containerd 1.6 reads the text, later ones the message.
  return { ...context, apparmorProfile, apparmor: apparmorOf(apparmorProfile) };
}

function apparmorOf(profile: string): object {
  if (profile === 'runtime/default') return { profileType: 'RuntimeDefault' };
  if (profile === 'unconfined') return { profileType: 'Unconfined' };
  return { profileType: 'Localhost', localhostRef: profile.replace(/^localhost\//, '') };
}

export function fromWireContainer(wire: WireContainer): Container {
  return {
    id: wire.id,
    sandboxId: wire.podSandboxId,
    name: wire.metadata?.name ?? '',
    attempt: wire.metadata?.attempt ?? 0,
    state: wire.state as ContainerState,
    createdAt: toMilliseconds(wire.createdAt),
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    image: wire.image?.userSpecifiedImage || (wire.image?.image ?? ''),
    imageRef: wire.imageRef,
    imageId: wire.imageId,
    reason: '',
    message: '',
    labels: wire.labels,
    annotations: wire.annotations,
    mounts: [],
    logPath: '',
  };
}

export function fromWireStatus(wire: WireContainerStatus, sandboxId: string): Container {
  const { resources, user } = wire;
  return {
    ...fromWireContainer({ ...wire, podSandboxId: sandboxId }),
    startedAt: toMilliseconds(wire.startedAt),
    finishedAt: toMilliseconds(wire.finishedAt),
    exitCode: wire.exitCode,
    reason: wire.reason,
    message: wire.message,
    mounts: wire.mounts.map((mount) => ({
      ...mount,
      propagation: mount.propagation as NonNullable<Mount['propagation']>,
    })),
    logPath: wire.logPath,
    resources: resources?.linux ? fromWireResources(resources.linux) : undefined,
    user: user?.linux ?? undefined,
  };
}

function fromWireResources(wire: WireResources): LinuxResources {
  return {
    cpuPeriod: wire.cpuPeriod,
    cpuQuota: wire.cpuQuota,
    cpuShares: wire.cpuShares,
    memoryLimitInBytes: wire.memoryLimitInBytes,
    oomScoreAdj: wire.oomScoreAdj,
  };
}

export function fromWireSandbox(wire: WireSandbox): Sandbox {
  const { network } = wire;
  const ips = network?.ip ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)] : [];
  return {
    id: wire.id,
    metadata: wire.metadata ?? { name: '', uid: '', namespace: '', attempt: 0 },
    state: wire.state as SandboxState,
    createdAt: toMilliseconds(wire.createdAt),
    labels: wire.labels,
    annotations: wire.annotations,
    ips,
  };
}

export function fromWireImage(wire: WireImage): RuntimeImage {
  return {
    id: wire.id,
    repoTags: wire.repoTags,
    repoDigests: wire.repoDigests,
    sizeBytes: wire.size,
    uid: wire.uid?.value,
    username: wire.username,
    pinned: wire.pinned,
  };
}

export function fromWireStats({ attributes, cpu, memory, writableLayer }: WireStats): ContainerStats {
  return {
    id: attributes?.id ?? '',
    labels: attributes?.labels ?? {},
    timestamp: toMilliseconds(cpu?.timestamp ?? 0),
    cpuUsageCoreNanoseconds: cpu?.usageCoreNanoSeconds?.value ?? 0,
    memoryWorkingSetBytes: memory?.workingSetBytes?.value ?? 0,
    memoryUsageBytes: memory?.usageBytes?.value ?? 0,
    memoryRssBytes: memory?.rssBytes?.value ?? 0,
    rootfsUsedBytes: writableLayer?.usedBytes?.value ?? 0,
    rootfsInodesUsed: writableLayer?.inodesUsed?.value ?? 0,
  };
}
