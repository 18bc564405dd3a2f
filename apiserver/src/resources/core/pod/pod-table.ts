import { humanAge } from '@coracle/apimachinery/quantity';
import type { Container, ContainerStatus, Pod, PodCondition } from '@coracle/apimachinery/types/core-v1';
import type { TableRow, TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn, orNone, wideColumn } from '../../shared/table.ts';

/** `kubectl get pods`, cell for cell as printPod of pkg/printers/internalversion. */
export const podTable: TableStrategy<Pod> = {
  columns: [
    nameColumn,
    column('Ready', 'string', 'Containers that are ready, of all that should run'),
    column('Status', 'string', 'What the pod as a whole is doing'),
    column('Restarts', 'string', 'How often containers were restarted, and when last'),
    ageColumn,
    wideColumn('IP', 'string', 'Address of the pod'),
    wideColumn('Node', 'string', 'Node the pod runs on'),
    wideColumn('Nominated Node', 'string', 'Node on which room is being made'),
    wideColumn('Readiness Gates', 'string', 'Readiness gates that are met, of all'),
  ],
  row(pod, now): TableRow {
    const { ready, total, reason, restarts, lastRestart } = summarize(pod);
    const when = restarts > 0 && lastRestart !== '' ? ` (${humanAge(lastRestart, now)} ago)` : '';
    const conditions = phaseConditions[pod.status?.phase ?? ''];
    return {
      cells: [
        pod.metadata?.name,
        `${ready}/${total}`,
        reason,
        `${restarts}${when}`,
        ageOf(pod, now),
        orNone(pod.status?.podIPs?.[0]?.ip),
        orNone(pod.spec?.nodeName),
        orNone(pod.status?.nominatedNodeName),
        readinessGates(pod),
      ],
      ...(conditions && { conditions }),
    };
  },
};

const phaseConditions: Readonly<Record<string, NonNullable<TableRow['conditions']>>> = {
  Succeeded: [
    { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
  ],
  Failed: [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }],
};

interface Summary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** RFC 3339; empty for never. */
  lastRestart: string;
}

function summarize(pod: Pod): Summary {
  const { spec, status, metadata } = pod;
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const total = (spec?.containers?.length ?? 0) + sidecars.size;
  let reason = status?.reason || status?.phase || '';
  if (findCondition(status?.conditions, 'PodScheduled')?.reason === 'SchedulingGated') reason = 'SchedulingGated';
  let summary: Summary = { ready: 0, total, reason, restarts: 0, lastRestart: '' };
  const sidecarRestarts: Summary = { ...summary };
  const initializing = countInit(pod, sidecars, summary, sidecarRestarts);
  if (!initializing || isTrue(status?.conditions, 'Initialized')) {
    const { restarts, lastRestart } = sidecarRestarts;
    summary = { ...summary, restarts, lastRestart };
    countContainers(pod, summary);
  }
  if (metadata?.deletionTimestamp && status?.reason === 'NodeLost') summary.reason = 'Unknown';
  else if (metadata?.deletionTimestamp && !isTerminal(status?.phase)) summary.reason = 'Terminating';
  return summary;
}

/** Walks init containers as far as they are done; true while one is not. */
function countInit(pod: Pod, sidecars: ReadonlySet<string>, summary: Summary, sidecarRestarts: Summary): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    countRestarts(status, summary);
    if (sidecars.has(status.name)) countRestarts(status, sidecarRestarts);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) summary.ready++;
      continue;
    }
    summary.reason = `Init:${initReason(status) ?? `${index}/${pod.spec?.initContainers?.length ?? 0}`}`;
    return true;
  }
  return false;
}

function initReason({ state }: ContainerStatus): string | undefined {
  if (state?.terminated) return terminatedReason(state.terminated);
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? waiting : undefined;
}

function countContainers({ status }: Pod, summary: Summary): void {
  let running = false;
  let failure = '';
  for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
    countRestarts(container, summary);
    const { waiting, terminated, running: isRunning } = container.state ?? {};
    if (waiting?.reason) {
      summary.reason = waiting.reason;
    } else if (terminated) {
      summary.reason = terminatedReason(terminated);
      if (terminated.exitCode !== 0) failure = summary.reason;
    } else if (container.ready && isRunning) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  if (running && isTrue(status?.conditions, 'Ready')) summary.reason = 'Running';
  else if (failure !== '') summary.reason = failure;
  else if (running) summary.reason = 'NotReady';
}

function terminatedReason({
  reason,
  signal,
  exitCode,
}: {
  reason?: string;
  signal?: number;
  exitCode: number;
}): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function countRestarts({ restartCount, lastState }: ContainerStatus, summary: Summary): void {
  summary.restarts += restartCount;
  const finished = lastState?.terminated?.finishedAt ?? '';
  if (finished > summary.lastRestart) summary.lastRestart = finished;
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const met = gates.filter(({ conditionType }) => isTrue(status?.conditions, conditionType)).length;
  return `${met}/${gates.length}`;
}

/** An init container that keeps running beside the others. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function findCondition(conditions: readonly PodCondition[] | undefined, type: string): PodCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function isTrue(conditions: readonly PodCondition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}
