import type { KubernetesObject } from '@coracle/apimachinery/meta';
import {
  PersistentVolumeClaims,
  PersistentVolumes,
  Pods,
  VolumeAttributesClasses,
} from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueEach, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import { claimIndex, claimKeys, isTerminating } from '../shared/index.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const classFinalizer = 'kubernetes.io/vac-protection';

/** A claim that is being deleted stays for as long as a scheduled pod uses it. */
export const startClaimProtection: StartController = ({ client, informers, loop }) => {
  const claims = informers.for(PersistentVolumeClaims);
  const pods = informers.for(Pods);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  claims.addHandler(queueSelf(queue));
  pods.addHandler({ deleted: (pod) => claimKeys(pod).forEach((key) => queue.add(key)) });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const claim = claims.lister.get(name, namespace);
    if (!claim) return;
    const isUsed = () => pods.lister.byIndex(claimIndex, key).some((pod) => Boolean(pod.spec?.nodeName));
    await protect(client, PersistentVolumeClaims, claim, claimFinalizer, isUsed);
  }
};

/** A volume that is being deleted stays for as long as it is bound. */
export const startVolumeProtection: StartController = ({ client, informers, loop }) => {
  const volumes = informers.for(PersistentVolumes);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  volumes.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const volume = volumes.lister.get(name);
    if (volume)
      await protect(client, PersistentVolumes, volume, volumeFinalizer, () => volume.status?.phase === 'Bound');
  }
};

/** A class of volume attributes that is being deleted stays for as long as a volume or a claim names it. */
export const startAttributesClassProtection: StartController = ({ client, informers, loop }) => {
  const classes = informers.for(VolumeAttributesClasses);
  const volumes = informers.for(PersistentVolumes);
  const claims = informers.for(PersistentVolumeClaims);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  classes.addHandler(queueSelf(queue));
  volumes.addHandler(queueEach(queue, classesOfVolume));
  claims.addHandler(queueEach(queue, classesOfClaim));

  async function reconcile(name: string): Promise<void> {
    const attributes = classes.lister.get(name);
    if (!attributes) return;
    const isUsed = () =>
      volumes.lister.list().some((volume) => classesOfVolume(volume).includes(name)) ||
      claims.lister.list().some((claim) => classesOfClaim(claim).includes(name));
    await protect(client, VolumeAttributesClasses, attributes, classFinalizer, isUsed);
  }
};

function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const target = status?.modifyVolumeStatus?.targetVolumeAttributesClassName;
  return [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, target].flatMap(
    (name) => name || [],
  );
}

async function protect<T extends KubernetesObject>(
  client: Client,
  resource: ResourceRef<T>,
  object: T,
  finalizer: string,
  isUsed: () => boolean,
): Promise<void> {
  const finalizers = object.metadata?.finalizers ?? [];
  const isProtected = finalizers.includes(finalizer);
  if (isTerminating(object) ? !isProtected || isUsed() : isProtected) return;
  const next = isProtected ? finalizers.filter((other) => other !== finalizer) : [...finalizers, finalizer];
  // An update, as upstream: its role does not let it patch.
  await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: next } });
}
