import type { Container as ContainerSpec, ContainerState, ContainerStatus } from '@coracle/apimachinery/types/core-v1';
import type { Container } from '../runtime/index.ts';
import type { ContainerKind, ProbeVerdict } from './plan.ts';
import { isRunning, isSidecar, type ObservedPod } from './observed.ts';
import { toTime } from './time.ts';

export interface WaitingReason {
  readonly reason: string;
  readonly message?: string;
}

export interface ContainerStatusInput {
  readonly specs: readonly ContainerSpec[];
  readonly kind: ContainerKind;
  readonly observed: ObservedPod;
  readonly previous: readonly ContainerStatus[];
  /** Why the last attempt to start a container came to nothing. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** Whether the container has to be started (again). */
  readonly mustStart: (spec: ContainerSpec, newest: Container | undefined) => boolean;
  readonly startup: (containerId: string) => ProbeVerdict | undefined;
  readonly readiness: (containerId: string) => ProbeVerdict | undefined;
  readonly hasInitContainers: boolean;
  readonly initialized: boolean;
  readonly isDeleted: boolean;
  /** `containerd` */
  readonly runtimeName: string;
  readonly resources: (
    spec: ContainerSpec,
    running: Container | undefined,
  ) => Pick<ContainerStatus, 'resources' | 'allocatedResources'>;
}

const unknownExitCode = 137;

/** One status a container of the spec, in its order. Upstream's `convertToAPIContainerStatuses`. */
export function containerStatuses(input: ContainerStatusInput): ContainerStatus[] {
  return input.specs.map((spec) => {
    const instances = input.observed.containers.filter(({ name }) => name === spec.name);
    const previous = input.previous.find(({ name }) => name === spec.name);
    const [newest, before] = instances;
    const base = newest ? fromInstances(input, newest, before, previous) : fromNothing(input, spec, previous);
    const status = applyWaiting(input, spec, newest, base);
    return withProbes(input, spec, newest, { ...status, ...extras(input, spec, newest) });
  });
}

type Core = Omit<ContainerStatus, 'ready' | 'started'>;

function fromInstances(
  { runtimeName }: ContainerStatusInput,
  newest: Container,
  before: Container | undefined,
  previous: ContainerStatus | undefined,
): Core {
  const lastState = before ? stateOf(before, runtimeName) : lastStateOf(newest, previous, runtimeName);
  return {
    name: newest.name,
    state: stateOf(newest, runtimeName),
    lastState,
    restartCount: newest.attempt,
    image: newest.image,
    imageID: newest.imageRef,
    containerID: `${runtimeName}://${newest.id}`,
    ...(newest.user && {
      user: { linux: { ...newest.user, supplementalGroups: [...newest.user.supplementalGroups] } },
    }),
  };
}

/** The runtime has forgotten the instance before this one; the API has not. */
function lastStateOf(newest: Container, previous: ContainerStatus | undefined, runtimeName: string): ContainerState {
  if (!previous) return {};
  const isSame = previous.containerID === `${runtimeName}://${newest.id}`;
  if (!isSame && previous.state?.terminated) return { terminated: previous.state.terminated };
  return previous.lastState?.terminated ? { terminated: previous.lastState.terminated } : {};
}

function stateOf(container: Container, runtimeName: string): ContainerState {
  if (isRunning(container)) return { running: { startedAt: toTime(container.startedAt) } };
  if (container.state === 'CONTAINER_CREATED') return { waiting: { reason: 'ContainerCreating' } };
  const { exitCode, reason, message } = container;
  return {
    terminated: {
      exitCode,
      reason: reason || (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message !== '' && { message }),
      ...(container.startedAt > 0 && { startedAt: toTime(container.startedAt) }),
      ...(container.finishedAt > 0 && { finishedAt: toTime(container.finishedAt) }),
      containerID: `${runtimeName}://${container.id}`,
    },
  };
}

/** No instance: it waits for its turn, or its record was lost and what the API says is all there is. */
function fromNothing(
  { kind, hasInitContainers, initialized, isDeleted }: ContainerStatusInput,
  spec: ContainerSpec,
  previous: ContainerStatus | undefined,
): Core {
  const waiting: ContainerState = { waiting: { reason: hasInitContainers ? 'PodInitializing' : 'ContainerCreating' } };
  const fresh: Core = {
    name: spec.name,
    state: waiting,
    lastState: previous?.lastState ?? {},
    restartCount: previous?.restartCount ?? 0,
    image: spec.image ?? '',
    imageID: '',
  };
  if (previous?.state?.terminated) return previous;
  if (kind === 'init' && initialized && !isSidecar(spec)) return { ...fresh, state: { terminated: assumedCompleted } };
  if (!previous?.state?.running || previous.lastState?.terminated) return fresh;
  return {
    ...fresh,
    lastState: { terminated: lostWhileRunning },
    restartCount: fresh.restartCount + (isDeleted ? 0 : 1),
  };
}

const assumedCompleted = {
  reason: 'Completed',
  message:
    'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
  exitCode: 0,
} as const;

const lostWhileRunning = {
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
  exitCode: unknownExitCode,
} as const;

function applyWaiting(
  input: ContainerStatusInput,
  spec: ContainerSpec,
  newest: Container | undefined,
  status: Core,
): Core {
  const reason = input.waiting.get(spec.name);
  if (!reason || !input.mustStart(spec, newest)) return status;
  const { terminated } = status.state ?? {};
  return {
    ...status,
    ...(terminated && { lastState: { terminated } }),
    state: { waiting: { reason: reason.reason, ...(reason.message !== undefined && { message: reason.message }) } },
  };
}

function extras(
  { kind, resources }: ContainerStatusInput,
  spec: ContainerSpec,
  newest: Container | undefined,
): Partial<ContainerStatus> {
  const mounts = (spec.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' as const }),
  }));
  return {
    ...(kind !== 'ephemeral' && newest && resources(spec, isRunning(newest) ? newest : undefined)),
    ...(mounts.length > 0 && { volumeMounts: mounts }),
  };
}

function withProbes(
  input: ContainerStatusInput,
  spec: ContainerSpec,
  newest: Container | undefined,
  status: Core,
): ContainerStatus {
  if (input.kind === 'ephemeral') return { ...status, ready: false };
  const { state } = status;
  const runs = newest !== undefined && state?.running !== undefined;
  const started = runs && (!spec.startupProbe || input.startup(newest.id) === 'success');
  const serves = started && (!spec.readinessProbe || input.readiness(newest.id) === 'success');
  const runsOnce = input.kind === 'init' && !isSidecar(spec);
  return { ...status, ready: runsOnce ? state?.terminated?.exitCode === 0 : serves, started };
}
