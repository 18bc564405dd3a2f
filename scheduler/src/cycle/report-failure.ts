import { Pods } from '@coracle/apimachinery/resources';
import type { Pod, PodCondition } from '@coracle/apimachinery/types/core-v1';
import type { Cluster } from '../framework/cluster.ts';

/** Longest text of an event; longer ones are cut. */
const messageMax = 1024;

export interface Failure {
  /** `Unschedulable` where no node fits, `SchedulerError` where something went wrong. */
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** '' takes a nomination away, undefined leaves it. */
  readonly nominatedNode?: string | undefined;
}

/** Tells the world why a pod has no node yet: an event, and the PodScheduled condition where that says something new. */
export function reportFailure(cluster: Cluster, pod: Pod, failure: Failure): void {
  const { recorder, environment } = cluster;
  recorder.event(pod, 'Warning', 'FailedScheduling', truncated(failure.message));
  const status = changedStatus(pod, failure, environment.clock.now());
  if (status) patchStatus(cluster, pod, status);
}

/** Says where a pod will go once what it needs there is made, so that others can count on it (KEP-5278). */
export function reportNomination(cluster: Cluster, pod: Pod, nodeName: string): void {
  if (pod.status?.nominatedNodeName !== nodeName) patchStatus(cluster, pod, { nominatedNodeName: nodeName });
}

function patchStatus(cluster: Cluster, pod: Pod, status: Record<string, unknown>): void {
  const { environment } = cluster;
  const { namespace, name = '', uid } = pod.metadata ?? {};
  const body = { metadata: { uid }, status };
  cluster.client
    .patch(Pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' })
    .catch((error: unknown) => environment.log.debug('pod status not written', { pod: name, error: String(error) }));
}

function changedStatus(pod: Pod, failure: Failure, now: number): Record<string, unknown> | undefined {
  const status: Record<string, unknown> = {};
  const before = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (isNews(before, failure)) {
    const since = before?.status === 'False' ? before.lastTransitionTime : undefined;
    status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: failure.reason,
        message: failure.message,
        lastProbeTime: null,
        lastTransitionTime: since ?? `${new Date(now).toISOString().slice(0, 19)}Z`,
        ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
      },
    ];
  }
  const { nominatedNode } = failure;
  if (nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '')) {
    status.nominatedNodeName = nominatedNode === '' ? null : nominatedNode;
  }
  return Object.keys(status).length > 0 ? status : undefined;
}

function isNews(before: PodCondition | undefined, { reason, message }: Failure): boolean {
  return before?.status !== 'False' || before.reason !== reason || before.message !== message;
}

function truncated(message: string): string {
  return message.length <= messageMax ? message : `${message.slice(0, messageMax - 4)} ...`;
}
