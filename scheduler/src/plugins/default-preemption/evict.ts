import { isStatus } from '@coracle/apimachinery/errors';
import { Pods } from '@coracle/apimachinery/resources';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import type { Candidate } from './victims.ts';

/** Marks the victims as disrupted and deletes them. Throws where one of them could not be. */
export async function evict(cluster: Cluster, preemptor: PodInfo, { node, victims }: Candidate): Promise<void> {
  const alive = victims.filter((victim) => !victim.isTerminating);
  await Promise.all(alive.map((victim) => evictOne(cluster, preemptor, victim, node.name)));
}

async function evictOne(cluster: Cluster, preemptor: PodInfo, victim: PodInfo, nodeName: string): Promise<void> {
  const { client, recorder, environment } = cluster;
  const { namespace, name, uid, pod } = victim;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.pod.spec?.schedulerName}: preempting to accommodate a higher priority pod`,
    lastProbeTime: null,
    lastTransitionTime: `${new Date(environment.clock.now()).toISOString().slice(0, 19)}Z`,
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  try {
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await client.patch(Pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
    await client.delete(Pods, { namespace, name }, { preconditions: { uid } });
  } catch (error) {
    if (isStatus(error, 'NotFound')) return;
    throw error;
  }
  recorder.event(pod, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${nodeName}`);
}

/** Less important pods that wait for this node will not get it: they look for another one at once. */
export async function releaseNominations(cluster: Cluster, preemptor: PodInfo, nodeName: string): Promise<void> {
  const { client, nominator } = cluster;
  const waiting = nominator.podsFor(nodeName).filter((pod) => pod.priority < preemptor.priority);
  for (const { uid, namespace, name, key } of waiting) {
    nominator.remove(uid);
    const body = { metadata: { uid }, status: { nominatedNodeName: null } };
    await client.patch(Pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
    cluster.activate([key]);
  }
}
