import { PersistentVolumeClaims, Pods } from '@coracle/apimachinery/resources';
import type { PersistentVolumeClaim, Pod, Volume } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { claimIndex, controllerReference, isControlledBy, isTerminating, messageOf } from '../shared/index.ts';

/** Makes the claims of pods' ephemeral volumes; they belong to the pod and go with it. */
export const startEphemeralVolume: StartController = ({ client, informers, events, loop }) => {
  const pods = informers.for(Pods);
  const claims = informers.for(PersistentVolumeClaims);
  const queue: WorkQueue = loop({ reconcile });
  const look = (pod: Pod): void => {
    if (!isTerminating(pod) && pod.spec?.volumes?.some((volume) => volume.ephemeral)) queue.add(keyOf(pod));
  };
  pods.addHandler({ added: look });
  claims.addHandler({ deleted: (claim) => pods.lister.byIndex(claimIndex, keyOf(claim)).forEach(look) });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const pod = pods.lister.get(name, namespace);
    if (!pod || isTerminating(pod)) return;
    for (const volume of pod.spec?.volumes ?? []) {
      if (!volume.ephemeral) continue;
      try {
        await ensureClaim(pod, volume);
      } catch (error) {
        events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${messageOf(error)}`);
        throw error;
      }
    }
  }

  async function ensureClaim(pod: Pod, volume: Volume): Promise<void> {
    const { name: podName = '', namespace = '' } = pod.metadata ?? {};
    const name = `${podName}-${volume.name}`;
    const existing = claims.lister.get(name, namespace);
    if (existing) {
      if (isControlledBy(existing, pod)) return;
      throw new Error(
        `PVC "${namespace}/${name}" was not created for pod "${namespace}/${podName}" (pod is not owner)`,
      );
    }
    const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? {};
    const claim: PersistentVolumeClaim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name,
        namespace,
        ...(metadata?.labels ? { labels: metadata.labels } : {}),
        ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
        ownerReferences: [controllerReference(pod, Pods)],
      },
      ...(spec ? { spec } : {}),
    };
    await client.create(PersistentVolumeClaims, claim);
  }
};
