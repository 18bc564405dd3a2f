import type { Duplex, Readable, Writable } from 'node:stream';

/**
 * The narrow door between a node's pods and whatever runs their containers. Shapes are those of CRI v1 reduced to what
 * the agent sets and reads; times are nanoseconds since 1970 in decimal text on the wire and milliseconds here.
 */
export interface ContainerRuntime {
  /** `cri` runs real containers; `hollow` only pretends, so there is nothing to exec into. */
  readonly kind: 'cri' | 'hollow';
  version(): Promise<RuntimeVersion>;

  /** Creates and starts the pod's sandbox; resolves to its id. */
  runSandbox(config: SandboxConfig): Promise<string>;
  /** Ends every process of the sandbox and frees its network. Idempotent, also for ids that are gone. */
  stopSandbox(sandboxId: string): Promise<void>;
  removeSandbox(sandboxId: string): Promise<void>;
  sandboxStatus(sandboxId: string): Promise<Sandbox | undefined>;
  listSandboxes(): Promise<readonly Sandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: SandboxConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** SIGTERM, then SIGKILL after the grace period; resolves once the container has exited. Idempotent. */
  stopContainer(containerId: string, gracePeriodSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  /** Undefined where the runtime does not know the container any more. */
  containerStatus(containerId: string): Promise<Container | undefined>;
  /** Without exit codes and messages: those come from `containerStatus`. */
  listContainers(): Promise<readonly Container[]>;
  updateContainerResources(containerId: string, resources: LinuxResources): Promise<void>;
  reopenContainerLog(containerId: string): Promise<void>;

  /** Runs to the end and collects both streams; throws where the command cannot be run or the time is over. */
  execSync(containerId: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** Asks for a process with live streams; throws where the container cannot have one. */
  exec(containerId: string, request: ExecRequest): Promise<RunSession>;
  /** Asks to join the container's main process; throws where it does not run. */
  attach(containerId: string, request: AttachRequest): Promise<RunSession>;
  /** A connection to the port as seen from inside the sandbox. Throws where nothing listens. */
  connectPort(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex>;

  containerStats(): Promise<readonly ContainerStats[]>;
  pullImage(image: ImageSpec, credentials: RegistryCredentials | undefined, sandbox?: SandboxConfig): Promise<string>;
  imageStatus(image: ImageSpec): Promise<RuntimeImage | undefined>;
  listImages(): Promise<readonly RuntimeImage[]>;
  removeImage(imageId: string): Promise<void>;
  /** Shows an image's files at a folder of the node, read-only; `unmountImage` is idempotent. */
  mountImage(imageRef: string, target: string): Promise<void>;
  unmountImage(target: string): Promise<void>;
  imageFilesystem(): Promise<FilesystemUsage | undefined>;

  /** Container and sandbox changes as they happen. Ends with the signal; throws when the stream breaks. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  close(): Promise<void>;
}

export interface RuntimeVersion {
  /** `containerd` */
  readonly name: string;
  /** `1.6.20` */
  readonly version: string;
}

export type SandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

export interface SandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

export interface Sandbox {
  readonly id: string;
  readonly metadata: SandboxMetadata;
  readonly state: SandboxState;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Empty from `listSandboxes` and for pods on the node's own network. */
  readonly ips: readonly string[];
}

export interface Container {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerState;
  /** Milliseconds; 0 where it has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  /** The image as the pod names it. */
  readonly image: string;
  /** Reference with digest where the runtime has one, else the image id. */
  readonly imageRef: string;
  readonly imageId: string;
  /** `Completed`, `Error`, `OOMKilled`, … */
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  readonly resources?: LinuxResources | undefined;
  readonly user?:
    | { readonly uid: number; readonly gid: number; readonly supplementalGroups: readonly number[] }
    | undefined;
}

export interface ImageSpec {
  readonly image: string;
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation?: 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
}

export interface SandboxConfig {
  readonly metadata: SandboxMetadata;
  /** Empty for pods on the node's network. */
  readonly hostname?: string;
  readonly logDirectory: string;
  readonly dnsConfig?: DnsConfig;
  readonly portMappings?: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the pod's RuntimeClass; absent = the runtime's default. */
  readonly runtimeHandler?: string;
  readonly linux: {
    readonly cgroupParent: string;
    readonly securityContext: SandboxSecurityContext;
    readonly sysctls?: Readonly<Record<string, string>>;
    readonly overhead?: LinuxResources;
    readonly resources?: LinuxResources;
  };
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  readonly targetId?: string;
}

export interface SandboxSecurityContext {
  readonly namespaceOptions: NamespaceOptions;
  readonly runAsUser?: { readonly value: number };
  readonly runAsGroup?: { readonly value: number };
  readonly readonlyRootfs?: boolean;
  readonly supplementalGroups?: readonly number[];
  readonly privileged?: boolean;
  readonly seccomp?: SecurityProfile;
}

export interface SecurityProfile {
  readonly profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  readonly localhostRef?: string;
}

export interface ContainerSecurityContext {
  readonly namespaceOptions: NamespaceOptions;
  readonly capabilities?: { readonly addCapabilities: readonly string[]; readonly dropCapabilities: readonly string[] };
  readonly privileged: boolean;
  readonly runAsUser?: { readonly value: number };
  readonly runAsUsername?: string;
  readonly runAsGroup?: { readonly value: number };
  readonly readonlyRootfs: boolean;
  readonly supplementalGroups: readonly number[];
  readonly noNewPrivs: boolean;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp?: SecurityProfile;
  readonly apparmorProfile?: string;
}

export interface LinuxResources {
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuShares?: number;
  readonly memoryLimitInBytes?: number;
  readonly oomScoreAdj?: number;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly unified?: Readonly<Record<string, string>>;
}

export interface ContainerConfig {
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly image: ImageSpec & { readonly userSpecifiedImage?: string };
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly linux: { readonly resources: LinuxResources; readonly securityContext: ContainerSecurityContext };
  readonly stopSignal?: string;
}

export interface ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

export interface AttachRequest {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/**
 * What the runtime has agreed to, on the given streams: resolves to the exit code once the process and its streams have ended
 * or the signal is aborted. Throws SessionFailure with the runtime's words.
 */
export type RunSession = (streams: SessionStreams, signal: AbortSignal) => Promise<number>;

/** The caller's ends of a session. The runtime reads `stdin` and `resizes` and ends the two outputs. */
export interface SessionStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly resizes?: AsyncIterable<TerminalSize>;
}

export interface ContainerStats {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly cpuUsageCoreNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly rootfsUsedBytes: number;
  readonly rootfsInodesUsed: number;
}

export interface RuntimeImage {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  readonly uid?: number | undefined;
  readonly username: string;
  readonly pinned: boolean;
}

export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

export interface FilesystemUsage {
  readonly mountpoint: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

/** Something changed in this container or sandbox: look at it again. */
export interface RuntimeEvent {
  readonly kind: 'created' | 'started' | 'exited' | 'deleted' | 'oom' | 'other';
  /** The container's or sandbox's id. */
  readonly id: string;
}

/** What a runtime answers where it was asked something that cannot be done with what is there. */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure';
  /** gRPC status name: `NOT_FOUND`, `UNKNOWN`, `DEADLINE_EXCEEDED`, … */
  readonly code: string;
  /** The runtime's own words, without the name of the transport. */
  readonly detail: string;

  constructor(code: string, detail: string) {
    super(`rpc error: code = ${goCodeName(code)} desc = ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** What ended a session that the runtime had begun; the message is for the user as it is. */
export class SessionFailure extends Error {
  override readonly name = 'SessionFailure';
}

/** `NOT_FOUND` → `NotFound`, as Go prints status codes in the messages that users see. */
function goCodeName(code: string): string {
  if (code === 'CANCELLED') return 'Canceled';
  if (code === 'OK') return 'OK';
  return code
    .split('_')
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join('');
}
