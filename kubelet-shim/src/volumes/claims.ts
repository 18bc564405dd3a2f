import { PersistentVolumeClaims, PersistentVolumes } from '@coracle/apimachinery/resources';
import { isStatus } from '@coracle/apimachinery/errors';
import type { PersistentVolume, Pod } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';

/** The volume bound to a claim of the pod. Throws with the status text while it is not bound. */
export async function boundVolume(client: Client, pod: Pod, claimName: string): Promise<PersistentVolume> {
  const namespace = pod.metadata?.namespace ?? '';
  const claim = await client.get(PersistentVolumeClaims, { namespace, name: claimName }).catch((error: unknown) => {
    if (isStatus(error, 'NotFound'))
      throw new Error(`error processing PVC ${namespace}/${claimName}: PVC ${claimName} not found`);
    throw error;
  });
  const { volumeName } = claim.spec ?? {};
  if (claim.status?.phase !== 'Bound' || !volumeName)
    throw new Error(`error processing PVC ${namespace}/${claimName}: PVC is not bound`);
  if (claim.metadata?.deletionTimestamp)
    throw new Error(`error processing PVC ${namespace}/${claimName}: PVC is being deleted`);
  const volume = await client.get(PersistentVolumes, { name: volumeName });
  if (volume.spec?.claimRef?.uid !== claim.metadata?.uid)
    throw new Error(
      `error processing PVC ${namespace}/${claimName}: the volume ${volumeName} is bound to another claim`,
    );
  return volume;
}
