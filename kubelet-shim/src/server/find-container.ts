import { isRunning, latest } from '../pods/observed.ts';
import type { PodManager } from '../pods/pod-manager.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { findSpec } from '../pods/stop-containers.ts';
import type { Container } from '../runtime/index.ts';

/** A request for something that this node does not have; answered with `status`. */
export class NodeRequestError extends Error {
  override readonly name = 'NodeRequestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function findPod(pods: PodManager, namespace = '', name = ''): PodWorker {
  const worker = pods.find(namespace, name);
  if (!worker) throw new NodeRequestError(404, 'pod does not exist');
  return worker;
}

/** Undefined where it was last seen not running. */
export function findRunningContainer(pods: PodManager, segments: readonly string[]): Container | undefined {
  const [namespace, name] = segments;
  const container = latest(findPod(pods, namespace, name).observed, segments.at(-1) ?? '');
  return isRunning(container) ? container : undefined;
}

/** The container whose log is asked for; the texts are what `kubectl logs` prints. */
export function findLoggedContainer(worker: PodWorker, name: string, previous: boolean): Container {
  const podName = worker.pod.metadata?.name ?? '';
  if (!findSpec(worker.pod, name).spec)
    throw new NodeRequestError(404, `container "${name}" not found in pod "${podName}"`);
  const instances = worker.observed.containers.filter((container) => container.name === name);
  if (previous) {
    const [newest, before] = instances;
    const ended = newest?.state === 'CONTAINER_EXITED' && worker.isWaiting(name) ? newest : before;
    if (ended) return ended;
    throw new NodeRequestError(400, `previous terminated container "${name}" in pod "${podName}" not found`);
  }
  const newest = instances.find(({ state }) => state !== 'CONTAINER_CREATED');
  if (newest) return newest;
  throw new NodeRequestError(
    400,
    `container "${name}" in pod "${podName}" is waiting to start: ${whyWaiting(worker, name)}`,
  );
}

function whyWaiting({ status }: PodWorker, name: string): string {
  const statuses = [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses].flat();
  const reason = statuses.find((one) => one?.name === name)?.state?.waiting?.reason ?? 'ContainerCreating';
  if (reason === 'ErrImagePull') return "image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason;
}
