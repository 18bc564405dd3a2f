import { compareQuantities } from '@coracle/apimachinery/quantity';
import { PersistentVolumeClaims, PersistentVolumes } from '@coracle/apimachinery/resources';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { localPathProvisioner } from './local-path.ts';
import { annotations } from './match.ts';

/** Grows bound claims: a local directory has no size of its own, so that of the objects is all there is to change. */
export const startVolumeExpander: StartController = ({ client, informers, events, loop }) => {
  const claims = informers.for(PersistentVolumeClaims);
  const volumes = informers.for(PersistentVolumes);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  const look = (claim: PersistentVolumeClaim): void => {
    if (wantsMore(claim)) queue.add(keyOf(claim));
  };
  claims.addHandler({ added: look, updated: look });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const claim = claims.lister.get(name, namespace);
    const volume = volumes.lister.get(claim?.spec?.volumeName ?? '');
    if (!claim || !volume || !wantsMore(claim)) return;
    if (volume.metadata?.annotations?.[annotations.provisionedBy] !== localPathProvisioner) {
      const message = 'waiting for an external controller to expand this PVC';
      return events.event(claim, 'Normal', 'ExternalExpanding', message);
    }
    const storage = claim.spec?.resources?.requests?.['storage'] ?? '0';
    if (compareQuantities(volume.spec?.capacity?.['storage'], storage) < 0) {
      const spec = { ...volume.spec, capacity: { ...volume.spec?.capacity, storage } };
      await client.update(PersistentVolumes, { ...volume, spec });
    }
    const status = { ...claim.status, capacity: { ...claim.status?.capacity, storage } };
    await client.update(PersistentVolumeClaims, { ...claim, status }, { subresource: 'status' });
  }
};

function wantsMore({ spec, status }: PersistentVolumeClaim): boolean {
  if (status?.phase !== 'Bound') return false;
  return compareQuantities(status.capacity?.['storage'], spec?.resources?.requests?.['storage']) < 0;
}
