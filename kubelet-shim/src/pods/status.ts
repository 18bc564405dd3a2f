import type { Container as ContainerSpec, ContainerStatus, Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import type { Container } from '../runtime/index.ts';
import { podConditions, type ResizeState } from './conditions.ts';
import { type ContainerStatusInput, containerStatuses, type WaitingReason } from './container-statuses.ts';
import {
  ephemeralContainers,
  hasInitialized,
  isHostNetwork,
  isReady,
  latest,
  type ObservedPod,
  sandboxProblem,
} from './observed.ts';
import { podPhase } from './phase.ts';
import type { ContainerKind, ProbeVerdict } from './plan.ts';
import { qosClass } from './qos.ts';
import { shouldStart } from './restart.ts';
import { toTime } from './time.ts';

export interface StatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** What this agent last reported, or what the API has. */
  readonly previous: PodStatus;
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  readonly startup: (containerId: string) => ProbeVerdict | undefined;
  readonly readiness: (containerId: string) => ProbeVerdict | undefined;
  /** Nothing of this pod will be started any more. */
  readonly isOver: boolean;
  /** The agent's own decision to fail the pod: rejected, evicted, out of time. */
  readonly failure?: { readonly reason: string; readonly message: string; readonly isDisruption?: boolean } | undefined;
  readonly hostIPs: readonly string[];
  readonly runtimeName: string;
  /** When the agent first saw the pod, milliseconds. */
  readonly seenAt: number;
  readonly now: number;
  readonly resources: ContainerStatusInput['resources'];
  readonly resize?: ResizeState | undefined;
}

const terminalPhases: ReadonlySet<string | undefined> = new Set(['Failed', 'Succeeded']);

export function isTerminal(status: PodStatus | undefined): boolean {
  return terminalPhases.has(status?.phase);
}

/** The pod's status as the API shall show it. Pure; upstream's `generateAPIPodStatus`. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, observed, previous, failure } = input;
  const own = allContainerStatuses(input);
  const { phase, reason, message } = phaseOf(input, [
    ...(own.initContainerStatuses ?? []),
    ...(own.containerStatuses ?? []),
  ]);
  const generation = pod.metadata?.generation;
  const bare: PodStatus = {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    ...((failure?.message ?? message) && { message: failure?.message ?? message }),
    ...((failure?.reason ?? reason) && { reason: failure?.reason ?? reason }),
    ...addresses(input),
    startTime: pod.status?.startTime ?? previous.startTime ?? toTime(input.seenAt),
    ...own,
    qosClass: pod.status?.qosClass ?? qosClass(pod),
  } as PodStatus;
  const problem = sandboxProblem(pod, observed);
  const conditions = podConditions(previous.conditions ?? [], {
    pod,
    status: bare,
    phase,
    sandboxProblem: problem,
    now: toTime(input.now),
    resize: isTerminal(bare) ? undefined : input.resize,
    disruption: failure?.isDisruption ? failure.message : undefined,
  });
  return { ...bare, conditions };
}

type Phase = Pick<PodStatus, 'phase' | 'reason' | 'message'> & { phase: string };

/** A pod never leaves a terminal phase, whoever wrote it. */
function phaseOf(
  { pod, observed, previous, isOver, failure }: StatusInput,
  statuses: readonly ContainerStatus[],
): Phase {
  if (failure) return { phase: 'Failed' };
  const settled = [pod.status, previous].find(isTerminal);
  const phase = settled?.phase ?? podPhase(pod, statuses, { isOver, initialized: hasInitialized(pod, observed) });
  const source = previous.phase === phase ? previous : pod.status?.phase === phase ? pod.status : undefined;
  const reason = source?.reason ?? pod.status?.reason;
  const message = source?.message ?? pod.status?.message;
  if (!source) return { phase };
  return { phase, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) };
}

function allContainerStatuses(
  input: StatusInput,
): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'> {
  const { pod, previous } = input;
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const of = (kind: ContainerKind, specs: readonly ContainerSpec[], before: readonly ContainerStatus[] = []) =>
    containerStatuses({
      ...input,
      specs,
      kind,
      previous: before,
      mustStart: (spec: ContainerSpec, newest: Container | undefined) => mustStart(input, kind, spec, newest),
      hasInitContainers: initContainers.length > 0,
      initialized: containers.some(({ name }) => latest(input.observed, name)),
      isDeleted: pod.metadata?.deletionTimestamp !== undefined,
    });
  const init = of('init', initContainers, previous.initContainerStatuses);
  const ephemeral = of('ephemeral', ephemeralContainers(pod), previous.ephemeralContainerStatuses);
  return {
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: of('regular', containers, previous.containerStatuses).sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
  };
}

function mustStart(
  { pod, isOver }: StatusInput,
  kind: ContainerKind,
  spec: ContainerSpec,
  newest: Container | undefined,
): boolean {
  if (isOver) return false;
  if (
    kind === 'init' &&
    newest?.state === 'CONTAINER_EXITED' &&
    newest.exitCode === 0 &&
    spec.restartPolicy !== 'Always'
  )
    return false;
  return kind === 'ephemeral' ? newest === undefined : shouldStart(spec, pod, newest);
}

function addresses({ pod, observed, previous, hostIPs }: StatusInput): Partial<PodStatus> {
  const [hostIP] = hostIPs;
  const sandbox = observed.sandboxes.find(isReady) ?? observed.sandboxes[0];
  // Addresses of a sandbox that has ended stay in the status, as upstream keeps them.
  const own = isHostNetwork(pod) ? hostIPs : (sandbox?.ips ?? []);
  const known = own.length > 0 ? own.map((ip) => ({ ip })) : previous.podIPs;
  const [first] = known ?? [];
  return {
    ...(hostIP !== undefined && { hostIP, hostIPs: hostIPs.map((ip) => ({ ip })) }),
    ...(first && { podIP: first.ip, podIPs: known }),
  } as Partial<PodStatus>;
}
