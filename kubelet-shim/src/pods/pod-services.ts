import type { Environment } from '@coracle/apimachinery/component';
import type { Container as ContainerSpec, ContainerStatus, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import type { Container, ContainerConfig, ContainerRuntime, SandboxConfig } from '../runtime/index.ts';
import type { WaitingReason } from './container-statuses.ts';
import type { ContainerKind, ProbeVerdict } from './plan.ts';

/** What the worker of one pod needs of its node. One set a node, shared by all pods. */
export interface PodServices {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  /** `containerd`: the scheme of container ids in statuses. */
  readonly runtimeName: string;
  readonly hostIPs: () => readonly string[];
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly images: PodImages;
  readonly volumes: (pod: Pod) => PodVolumes;
  readonly probes: (pod: Pod, changed: () => void) => PodProbes;
  readonly cgroups: PodCgroups;
  readonly files: PodFiles;
  readonly configs: PodConfigs;
  readonly hooks: LifecycleHooks;
  /** Why this node cannot take the pod; undefined where it can. */
  readonly admit: (pod: Pod) => WaitingReason | undefined;
  /** The same for a pod that runs here and wants other resources: never, or not as long as others have them. */
  readonly admitResize: (pod: Pod) => ResizeRefusal | undefined;
  readonly terminationMessage: (container: Container) => Promise<string>;
  /** Lets go of everything that was kept for a pod that has left the node. */
  readonly forget: (uid: string) => void;
}

export interface ResizeRefusal {
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
}

/** Events about a pod, or about one of its containers. */
export interface PodEvents {
  normal(pod: Pod, reason: string, message: string, container?: ContainerRefName): void;
  warning(pod: Pod, reason: string, message: string, container?: ContainerRefName): void;
}

export interface ContainerRefName {
  readonly kind: ContainerKind;
  readonly name: string;
}

/** Sends the latest status of each pod, one request at a time a pod; older ones that were not sent yet are skipped. */
export interface StatusWriter {
  set(pod: Pod, status: PodStatus): void;
  /** Resolves once the last status that was set has reached the API, or can never reach it. */
  flushed(pod: Pod): Promise<void>;
  /** Ends the pod's record in the API after its containers are gone. */
  remove(pod: Pod): Promise<void>;
  forget(uid: string): void;
}

export interface PodImages {
  /** Makes the image present. Throws StartProblem. */
  ensure(request: ImageRequest): Promise<PresentImage>;
  forget(uid: string): void;
}

/** What the runtime calls the image, and who it runs as. */
export interface PresentImage {
  readonly ref: string;
  readonly uid?: number | undefined;
  readonly username: string;
}

export interface ImageRequest {
  readonly pod: Pod;
  /** Whose image it is; absent for image volumes. */
  readonly container?: ContainerRefName;
  readonly image: string;
  readonly policy: string;
  readonly sandbox?: SandboxConfig;
  readonly signal: AbortSignal;
}

export interface PodVolumes {
  /** Makes every volume ready, and up to date where it is ready already. Throws StartProblem naming what is missing. */
  mount(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Called when a source changed: the next `mount` writes it. */
  onChange(callback: () => void): void;
  unmount(): Promise<void>;
}

/** Probe results of one pod's containers, by container id. */
export interface PodProbes {
  /** Begins, ends and re-targets probes after what runs now. */
  sync(pod: Pod, running: readonly RunningContainer[]): void;
  liveness(containerId: string): ProbeVerdict | undefined;
  startup(containerId: string): ProbeVerdict | undefined;
  readiness(containerId: string): ProbeVerdict | undefined;
  /** A pod that is being ended is not killed again for being unhealthy; readiness goes on. */
  stopLivenessAndStartup(): void;
  stop(): void;
}

export interface RunningContainer {
  readonly spec: ContainerSpec;
  readonly kind: ContainerKind;
  readonly container: Container;
  readonly podIP: string;
}

export interface PodCgroups {
  /** The `cgroup_parent` of the pod's sandbox; made with the pod's limits where the node does that. */
  ensure(pod: Pod): Promise<string>;
  remove(pod: Pod): Promise<void>;
  /** Removes what is left of pods other than these. */
  sweep(uids: ReadonlySet<string>): Promise<void>;
}

/** Folders and files that a pod has on its node beside its volumes. */
export interface PodFiles {
  logDirectory(pod: Pod): string;
  prepare(pod: Pod): Promise<void>;
  /** An empty file of its own for the container's last words; undefined where the node keeps no files. */
  terminationLog(pod: Pod, containerName: string): Promise<string | undefined>;
  /** The pod's own `/etc/hosts` with this content. */
  etcHosts(pod: Pod, content: string): Promise<string | undefined>;
  remove(pod: Pod): Promise<void>;
  /** Removes what is left of pods other than these. */
  sweep(uids: ReadonlySet<string>): Promise<void>;
}

/** Turns specs into what the runtime is asked for. Throws StartProblem (`CreateContainerConfigError`). */
export interface PodConfigs {
  sandbox(pod: Pod, attempt: number): Promise<SandboxConfig>;
  container(request: ContainerConfigRequest): Promise<ContainerConfig>;
  /** What the spec's resources come to at run time. */
  resourceChange(container: Container, pod: Pod, spec: ContainerSpec): 'none' | 'update' | 'restart';
  applyResources(container: Container, pod: Pod, spec: ContainerSpec): Promise<void>;
  resourceStatus(
    pod: Pod,
    spec: ContainerSpec,
    running: Container | undefined,
  ): Pick<ContainerStatus, 'resources' | 'allocatedResources'>;
  /** These containers have been removed. */
  forget(containerIds: readonly string[]): void;
}

export interface ContainerConfigRequest {
  readonly pod: Pod;
  readonly kind: ContainerKind;
  readonly spec: ContainerSpec;
  readonly attempt: number;
  readonly image: PresentImage;
  readonly podIPs: readonly string[];
  /** For ephemeral containers that join another one's process namespace. */
  readonly targetContainerId?: string;
}

export interface LifecycleHooks {
  /** Throws with the text of the event. */
  postStart(pod: Pod, spec: ContainerSpec, container: RunningContainer, signal: AbortSignal): Promise<void>;
  /** Resolves when the hook has ended or the signal is aborted; false where it failed. */
  preStop(pod: Pod, spec: ContainerSpec, container: RunningContainer, signal: AbortSignal): Promise<boolean>;
}

/** Why a container, or a whole pod, could not be started this time: what its status shows while it waits. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
  /** `ErrImagePull`, `CreateContainerConfigError`, … */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
