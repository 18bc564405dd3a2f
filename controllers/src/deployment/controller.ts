import { isStatus } from '@coracle/apimachinery/errors';
import { Deployments, Pods, ReplicaSets } from '@coracle/apimachinery/resources';
import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import {
  childHandler,
  childrenAndOrphans,
  childrenOf,
  claimObjects,
  controllerOf,
  ignoreNotFound,
  isControlledBy,
  isNamespaceTerminating,
  matchesSelector,
  messageOf,
} from '../shared/index.ts';
import type { DeploymentPlan } from './plan.ts';
import { planDeployment } from './reconcile.ts';
import { sameTemplate, wantedReplicas } from './replica-sets.ts';
import { hasProgressDeadline, progressReasons, withProgress } from './status.ts';

export const startDeployment: StartController = ({ client, informers, events, clock, loop }) => {
  const deployments = informers.for(Deployments);
  const replicaSets = informers.for(ReplicaSets);
  const pods = informers.for(Pods);
  const matches = (deployment: Deployment, set: ReplicaSet) =>
    matchesSelector(deployment.spec?.selector, set.metadata?.labels);

  const queue: WorkQueue = loop({ reconcile });
  deployments.addHandler(queueSelf(queue));
  replicaSets.addHandler(childHandler({ owners: deployments.lister, ownerKind: Deployments.kind, queue, matches }));
  // A Recreate rollout waits for the last old pod, of which no ReplicaSet's status tells.
  pods.addHandler({
    deleted(pod) {
      const set = replicaSets.lister.get(controllerOf(pod)?.name ?? '', pod.metadata?.namespace);
      const owner = set && deployments.lister.get(controllerOf(set)?.name ?? '', pod.metadata?.namespace);
      if (owner?.spec?.strategy?.type === 'Recreate') queue.add(keyOf(owner));
    },
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const deployment = deployments.lister.get(name, namespace);
    if (!deployment) return;
    const owned = await claimObjects(childrenAndOrphans(replicaSets.lister, deployment), {
      client,
      owner: deployment,
      ownerResource: Deployments,
      resource: ReplicaSets,
      matches: (set) => matches(deployment, set),
    });
    const plan = planDeployment({
      deployment,
      replicaSets: owned,
      podsOf: (set) => childrenOf(pods.lister, set),
      nowMs: clock.now(),
    });
    await commit(key, deployment, plan);
  }

  async function commit(key: string, deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    for (const event of plan.events) events.event(deployment, event.type, event.reason, event.message);
    if (plan.create) await create(deployment, plan.create);
    for (const { replicaSet, scaledFrom } of plan.updates) {
      await client.update(ReplicaSets, replicaSet);
      if (scaledFrom !== undefined) announceScale(deployment, replicaSet, scaledFrom);
    }
    for (const set of plan.deletes) await ignoreNotFound(client.delete(ReplicaSets, objectKey(set)));
    if (plan.deployment) await client.update(Deployments, plan.deployment);
    if (plan.status) await client.update(Deployments, plan.status, { subresource: 'status' });
    if (plan.requeueAfterMs !== undefined) queue.addAfter(key, plan.requeueAfterMs);
  }

  function announceScale(deployment: Deployment, set: ReplicaSet, from: number): void {
    const to = wantedReplicas(set);
    const direction = from < to ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata?.name} from ${from} to ${to}`;
    events.event(deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  async function create(deployment: Deployment, set: ReplicaSet): Promise<void> {
    try {
      await client.create(ReplicaSets, set);
      if (wantedReplicas(set) > 0) announceScale(deployment, set, 0);
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) return resolveCollision(deployment, set, error);
      if (!isNamespaceTerminating(error)) await reportCreateFailure(deployment, set, error);
      throw error;
    }
  }

  /** The name is taken: by our own set that the cache has yet to show, or by one whose template has the same hash. */
  async function resolveCollision(deployment: Deployment, set: ReplicaSet, error: unknown): Promise<void> {
    const existing = await client.get(ReplicaSets, objectKey(set));
    if (isControlledBy(existing, deployment) && sameTemplate(existing.spec?.template, deployment.spec?.template))
      return;
    const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    await client.update(Deployments, { ...deployment, status }, { subresource: 'status' });
    throw error;
  }

  async function reportCreateFailure(deployment: Deployment, set: ReplicaSet, error: unknown): Promise<void> {
    const message = `Failed to create new replica set "${set.metadata?.name}": ${messageOf(error)}`;
    events.event(deployment, 'Warning', progressReasons.createFailed, message);
    if (!hasProgressDeadline(deployment)) return;
    const status = withProgress(deployment.status, 'False', progressReasons.createFailed, message, clock.now());
    await client.update(Deployments, { ...deployment, status }, { subresource: 'status' });
  }
};
