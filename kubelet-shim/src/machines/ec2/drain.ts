import type { Environment } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { Informer } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';

export interface DrainRequest {
  readonly environment: Environment;
  readonly client: Client;
  readonly pods: Informer<Pod>;
  readonly node: string;
  readonly signal: AbortSignal;
}

/** How long a machine waits for its pods to leave before it goes all the same. */
const drainMaxMs = 60_000;
const retryMs = 1000;

/** Cordons the node and evicts its pods as `kubectl drain` does. Resolves when they are gone or the time is over. */
export async function drainNode(request: DrainRequest): Promise<void> {
  const { environment, node, signal } = request;
  const { clock } = environment;
  const giveUpAt = clock.monotonic() + drainMaxMs;
  if (!(await cordon(request))) return;
  for (let left = podsToMove(request); left.length > 0; left = podsToMove(request)) {
    if (clock.monotonic() >= giveUpAt) {
      environment.log.warn('pods did not leave in time', { node, pods: left.length });
      return;
    }
    await Promise.all(
      left.filter((pod) => pod.metadata?.deletionTimestamp === undefined).map((pod) => evict(request, pod)),
    );
    await clock.sleep(retryMs, signal);
  }
}

/** Pods of DaemonSets and static pods go with the machine; those that have ended need no place. */
function podsToMove({ pods, node }: DrainRequest): readonly Pod[] {
  return pods.lister.list().filter((pod) => {
    if (pod.spec?.nodeName !== node) return false;
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return false;
    if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return false;
    return !pod.metadata?.ownerReferences?.some((owner) => owner.controller && owner.kind === 'DaemonSet');
  });
}

/** False where there is no such node. */
async function cordon({ client, node }: DrainRequest): Promise<boolean> {
  try {
    await client.patch(Nodes, { name: node }, { type: 'merge', body: { spec: { unschedulable: true } } });
    return true;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false;
    throw error;
  }
}

/** A disruption budget may refuse for now: asked again with the next round. */
async function evict({ client }: DrainRequest, pod: Pod): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  try {
    await client.create(Pods, eviction, { subresource: 'eviction' });
  } catch (error) {
    if (!isStatus(error, 'TooManyRequests') && !isStatus(error, 'NotFound')) throw error;
  }
}
