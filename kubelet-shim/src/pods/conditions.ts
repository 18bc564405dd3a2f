import type {
  Container as ContainerSpec,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '@coracle/apimachinery/types/core-v1';
import { isSidecar } from './observed.ts';

/** The conditions that the node agent alone writes. */
export const ownedConditions: ReadonlySet<string> = new Set([
  'PodScheduled',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]);

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const isTrue: Verdict = { status: 'True' };

export interface ConditionInput {
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly phase: string;
  /** Why there is no usable sandbox. */
  readonly sandboxProblem: string | undefined;
  /** A change of resources that is being made, or that the node has no room for (KEP-1287). */
  readonly resize?: ResizeState | undefined;
  /** Why the node itself ends the pod. */
  readonly disruption?: string | undefined;
  readonly now: string;
}

export interface ResizeState {
  readonly type: 'PodResizeInProgress' | 'PodResizePending';
  readonly reason?: 'Deferred' | 'Infeasible';
  readonly message?: string;
}

/**
 * The agent's conditions beside those of others. Transition times stay where the status stays; probe times are never
 * set. Order is upstream's: what users see in `kubectl describe`.
 */
export function podConditions(previous: readonly PodCondition[], input: ConditionInput): PodCondition[] {
  const { pod, sandboxProblem, now } = input;
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !ownedConditions.has(type));
  const disruption = previous.find(({ type }) => type === 'DisruptionTarget') ?? ownDisruption(input);
  const others =
    disruption && !foreign.some(({ type }) => type === 'DisruptionTarget') ? [...foreign, disruption] : foreign;
  const containersReady = judgeContainers(input);
  const { type: resizeType, ...resizeWords } = input.resize ?? {};
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ...(resizeType ? [[resizeType, { status: 'True', ...resizeWords }] as const] : []),
    ['PodReadyToStartContainers', sandboxProblem === undefined ? isTrue : { status: 'False' }],
    ['Initialized', judgeInitialized(input)],
    ['Ready', judgeReady(containersReady, pod, others)],
    ['ContainersReady', containersReady],
    ['PodScheduled', isTrue],
  ];
  const owned = verdicts.map(([type, verdict]): PodCondition => {
    const before = previous.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === verdict.status ? (before.lastTransitionTime ?? now) : now;
    const observedGeneration = pod.metadata?.generation;
    return {
      type,
      ...(observedGeneration !== undefined && { observedGeneration }),
      lastProbeTime: null,
      lastTransitionTime,
      ...verdict,
    } as PodCondition;
  });
  return [...others, ...owned];
}

function ownDisruption({ pod, disruption, now }: ConditionInput): PodCondition | undefined {
  if (disruption === undefined) return undefined;
  const observedGeneration = pod.metadata?.generation;
  return {
    type: 'DisruptionTarget',
    ...(observedGeneration !== undefined && { observedGeneration }),
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: 'TerminationByKubelet',
    message: disruption,
  } as unknown as PodCondition;
}

function judgeContainers({ pod, status, phase }: ConditionInput): Verdict {
  const statuses = allStatuses(status);
  const serving = [...(pod.spec?.initContainers ?? []).filter(isSidecar), ...(pod.spec?.containers ?? [])];
  const { unknown, failing } = divide(serving, statuses, (_, { ready }) => ready);
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  const message = complaints(unknown, failing, 'unready');
  return message === '' ? isTrue : { status: 'False', reason: 'ContainersNotReady', message };
}

function judgeReady(containersReady: Verdict, pod: Pod, others: readonly PodCondition[]): Verdict {
  if (containersReady.status !== 'True') return containersReady;
  const messages = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = others.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (messages.length === 0) return isTrue;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function judgeInitialized({ pod, status, phase }: ConditionInput): Verdict {
  const statuses = allStatuses(status);
  const { unknown, failing } = divide(pod.spec?.initContainers ?? [], statuses, (spec, one) =>
    isSidecar(spec) ? one.started === true : one.ready,
  );
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  const hasStarted = (pod.spec?.containers ?? []).some(({ name }) => {
    const one = statuses.find((each) => each.name === name);
    return (
      one !== undefined &&
      (one.started === true || one.lastState?.terminated || one.state?.running || one.state?.terminated)
    );
  });
  if (hasStarted) return isTrue;
  const message = complaints(unknown, failing, 'incomplete');
  return message === '' ? isTrue : { status: 'False', reason: 'ContainersNotInitialized', message };
}

function divide(
  specs: readonly ContainerSpec[],
  statuses: readonly ContainerStatus[],
  isFine: (spec: ContainerSpec, status: ContainerStatus) => boolean,
): { unknown: string[]; failing: string[] } {
  const unknown: string[] = [];
  const failing: string[] = [];
  for (const spec of specs) {
    const status = statuses.find(({ name }) => name === spec.name);
    if (!status) unknown.push(spec.name);
    else if (!isFine(spec, status)) failing.push(spec.name);
  }
  return { unknown, failing };
}

/** Lists as Go prints them: `[a b]`. */
function complaints(unknown: readonly string[], failing: readonly string[], word: string): string {
  const parts: string[] = [];
  if (unknown.length > 0) parts.push(`containers with unknown status: [${unknown.join(' ')}]`);
  if (failing.length > 0) parts.push(`containers with ${word} status: [${failing.join(' ')}]`);
  return parts.join(', ');
}

function allStatuses(status: PodStatus): readonly ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}
