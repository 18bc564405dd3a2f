import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Container, Sandbox } from '../runtime/index.ts';

/** What the runtime has of one pod; both lists newest first. */
export interface ObservedPod {
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly Container[];
}

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

/** Labels and annotations that find a pod's containers again after the agent has restarted (upstream's kubelet types). */
export const label = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
  /** Ours: which of the nodes that share a runtime this belongs to. */
  node: 'coracle.dev/node',
} as const;

export const annotation = {
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  podTerminationGracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const;

export function newestFirst(observed: ObservedPod): ObservedPod {
  return {
    sandboxes: [...observed.sandboxes].sort(
      (a, b) => b.metadata.attempt - a.metadata.attempt || b.createdAt - a.createdAt,
    ),
    containers: [...observed.containers].sort((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt),
  };
}

export function latest(observed: ObservedPod, name: string): Container | undefined {
  return observed.containers.find((container) => container.name === name);
}

/** Why the pod has no sandbox that its containers could start in; undefined where it has one. */
export function sandboxProblem(pod: Pod, { sandboxes }: ObservedPod): string | undefined {
  const [newest] = sandboxes;
  if (!newest) return 'No pod sandbox exists';
  if (sandboxes.filter(isReady).length > 1) return 'Multiple pod sandboxes exist';
  if (!isReady(newest)) return 'Pod sandbox exists but is not ready';
  if (!isHostNetwork(pod) && newest.ips.length === 0) return 'Pod sandbox has no IP address';
  return undefined;
}

export function isReady(sandbox: Sandbox): boolean {
  return sandbox.state === 'SANDBOX_READY';
}

/** Containers of the sandbox that is in use now. */
export function activeContainers({ sandboxes, containers }: ObservedPod): readonly Container[] {
  const active = sandboxes.find(isReady);
  return active ? containers.filter((container) => container.sandboxId === active.id) : [];
}

export function isRunning(
  container: Container | undefined,
): container is Container & { readonly state: 'CONTAINER_RUNNING' } {
  return container?.state === 'CONTAINER_RUNNING';
}

export function isExited(
  container: Container | undefined,
): container is Container & { readonly state: 'CONTAINER_EXITED' } {
  return container?.state === 'CONTAINER_EXITED';
}

export function isHostNetwork(pod: Pod): boolean {
  return pod.spec?.hostNetwork === true;
}

/** An init container that goes on beside the pod's own ones (KEP-753). */
export function isSidecar(container: ContainerSpec): boolean {
  return container.restartPolicy === 'Always';
}

export function ephemeralContainers(pod: Pod): readonly ContainerSpec[] {
  return (pod.spec?.ephemeralContainers ?? []) as readonly ContainerSpec[];
}

/** True once a regular container was made in the present sandbox: the pod has been initialised. */
export function hasInitialized(pod: Pod, observed: ObservedPod): boolean {
  const names = new Set(pod.spec?.containers.map(({ name }) => name));
  return activeContainers(observed).some(({ name }) => names.has(name));
}

/** `web_default(3f1c…)`, as events and back-off messages name a pod. */
export function podLabel(pod: Pod): string {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  return `${name}_${namespace}(${uid})`;
}
