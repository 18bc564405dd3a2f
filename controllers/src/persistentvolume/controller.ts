import { isStatus } from '@coracle/apimachinery/errors';
import { Nodes, PersistentVolumeClaims, PersistentVolumes, StorageClasses } from '@coracle/apimachinery/resources';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, objectKey, queueSelf, type StartController, splitKey } from '../runtime/index.ts';
import { ignoreNotFound, isConditionTrue, isTerminating, messageOf } from '../shared/index.ts';
import { boundClaim, claimForVolume, volumeForClaim, volumeWithoutClaim } from './bind.ts';
import { localPathProvisioner, makeLocalVolume } from './local-path.ts';
import { annotations } from './match.ts';
import { planClaim, planVolume } from './reconcile.ts';

/** Binds claims to volumes, provisions local ones, and reclaims volumes whose claims are gone. */
export const startPersistentVolumeBinder: StartController = ({ client, informers, events, loop }) => {
  const claims = informers.for(PersistentVolumeClaims);
  const volumes = informers.for(PersistentVolumes);
  const classes = informers.for(StorageClasses);
  const nodes = informers.for(Nodes);
  // One worker each: two claims must not be given the same volume.
  const claimQueue: WorkQueue = loop({ name: 'claims', workers: 1, reconcile: reconcileClaim });
  const volumeQueue: WorkQueue = loop({ name: 'volumes', workers: 1, reconcile: reconcileVolume });

  const queueVolumeOf = (claim: PersistentVolumeClaim): void => {
    if (claim.spec?.volumeName) volumeQueue.add(claim.spec.volumeName);
    for (const volume of volumes.lister.list()) {
      const reference = volume.spec?.claimRef;
      if (reference && `${reference.namespace}/${reference.name}` === keyOf(claim)) volumeQueue.add(keyOf(volume));
    }
  };
  claims.addHandler(queueSelf(claimQueue));
  claims.addHandler({ added: queueVolumeOf, updated: queueVolumeOf, deleted: queueVolumeOf });
  const queueClaimsOf = (volume: PersistentVolume): void => {
    volumeQueue.add(keyOf(volume));
    const reference = volume.spec?.claimRef;
    if (reference) claimQueue.add(`${reference.namespace}/${reference.name}`);
    else queuePending();
  };
  volumes.addHandler({ added: queueClaimsOf, updated: queueClaimsOf, deleted: queueClaimsOf });
  classes.addHandler({ added: queuePending });

  function queuePending(): void {
    for (const claim of claims.lister.list())
      if (!claim.metadata?.annotations?.[annotations.bindCompleted]) claimQueue.add(keyOf(claim));
  }

  async function reconcileClaim(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const claim = claims.lister.get(name, namespace);
    if (!claim) return;
    const step = planClaim({
      claim,
      volumes: volumes.lister.list(),
      volumeOf: (volumeName) => volumes.lister.get(volumeName),
      classOf: (className) => classes.lister.get(className),
      nodeOf: (nodeName) => nodes.lister.get(nodeName),
    });
    if (step.type === 'bind') return bind(step.volume, claim);
    if (step.type === 'provision') {
      await setClaimPhase(claim, 'Pending');
      return provision(claim, step.storageClass);
    }
    const { event, phase } = step;
    const isNews = await setClaimPhase(claim, phase);
    if (event && (isNews || phase === 'Pending')) events.event(claim, event.type, event.reason, event.message);
  }

  async function setClaimPhase(claim: PersistentVolumeClaim, phase: 'Pending' | 'Lost'): Promise<boolean> {
    if (claim.status?.phase === phase) return false;
    await client.update(
      PersistentVolumeClaims,
      { ...claim, status: { ...claim.status, phase } },
      { subresource: 'status' },
    );
    return true;
  }

  /** Four writes, each of which may be the last that was done before: what is done already is left out. */
  async function bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    let bound = volumeForClaim(volume, claim);
    if (bound !== volume) bound = await client.update(PersistentVolumes, bound);
    bound = await setVolumePhase(bound, 'Bound');
    let next = claimForVolume(claim, bound);
    if (next !== claim) next = await client.update(PersistentVolumeClaims, next);
    const complete = boundClaim(next, bound);
    if (complete !== next) await client.update(PersistentVolumeClaims, complete, { subresource: 'status' });
  }

  async function setVolumePhase(volume: PersistentVolume, phase: string): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume;
    return client.update(
      PersistentVolumes,
      { ...volume, status: { ...volume.status, phase } },
      { subresource: 'status' },
    );
  }

  async function provision(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    if (isTerminating(claim)) return;
    const { provisioner } = storageClass;
    const marks = { [annotations.provisioner]: provisioner, [annotations.betaProvisioner]: provisioner };
    let marked = claim;
    if (claim.metadata?.annotations?.[annotations.provisioner] !== provisioner) {
      const metadata = { ...claim.metadata, annotations: { ...claim.metadata?.annotations, ...marks } };
      marked = await client.update(PersistentVolumeClaims, { ...claim, metadata });
    }
    if (provisioner === localPathProvisioner) return provisionLocal(marked, storageClass);
    const message =
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system ` +
      'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.';
    events.event(marked, 'Normal', 'ExternalProvisioning', message);
  }

  async function provisionLocal(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    try {
      const volume = makeLocalVolume(claim, storageClass, chooseNode(claim));
      await client.create(PersistentVolumes, volume);
      const message = `Successfully provisioned volume ${volume.metadata?.name} using ${localPathProvisioner}`;
      events.event(claim, 'Normal', 'ProvisioningSucceeded', message);
    } catch (error) {
      // Made before; its event binds the claim.
      if (isStatus(error, 'AlreadyExists')) return;
      events.event(claim, 'Warning', 'ProvisioningFailed', messageOf(error));
      throw error;
    }
  }

  /** The node that the scheduler chose; any ready one for a class that binds at once. */
  function chooseNode(claim: PersistentVolumeClaim): Node {
    const selected = claim.metadata?.annotations?.[annotations.selectedNode];
    const node =
      selected === undefined
        ? nodes.lister.list().find((candidate) => isConditionTrue(candidate.status?.conditions, 'Ready'))
        : nodes.lister.get(selected);
    if (!node) throw new Error(selected === undefined ? 'no node is ready' : `node "${selected}" not found`);
    return node;
  }

  async function reconcileVolume(key: string): Promise<void> {
    const volume = volumes.lister.get(key);
    if (!volume) return;
    const reference = volume.spec?.claimRef;
    const claimKey = `${reference?.namespace}/${reference?.name}`;
    const claim = reference ? await currentClaim(volume) : undefined;
    const step = planVolume(volume, claim);
    if (step.type === 'await-claim') return claimQueue.add(claimKey);
    if (step.type === 'unbind') {
      const freed = await client.update(PersistentVolumes, volumeWithoutClaim(volume));
      await setVolumePhase(freed, 'Available');
      return;
    }
    const updated =
      step.phase === 'Released' && volume.status?.phase === 'Failed'
        ? volume
        : await setVolumePhase(volume, step.phase);
    if (step.reclaims) await reclaim(updated);
  }

  /** A volume is not released on the word of a cache that may be behind. */
  async function currentClaim(volume: PersistentVolume): Promise<PersistentVolumeClaim | undefined> {
    const { name = '', namespace = '', uid } = volume.spec?.claimRef ?? {};
    const cached = claims.lister.get(name, namespace);
    if (cached?.metadata?.uid === uid) return cached;
    try {
      return await client.get(PersistentVolumeClaims, { name, namespace });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async function reclaim(volume: PersistentVolume): Promise<void> {
    if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete' || isTerminating(volume)) return;
    if (volume.metadata?.annotations?.[annotations.provisionedBy] !== localPathProvisioner) return;
    await ignoreNotFound(client.delete(PersistentVolumes, objectKey(volume)));
  }
};
