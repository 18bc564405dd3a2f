import { CSIDrivers, PersistentVolumeClaims, PersistentVolumes } from '@coracle/apimachinery/resources';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@coracle/apimachinery/types/core-v1';
import type { CSIDriver } from '@coracle/apimachinery/types/storage-v1';
import { isAllowed } from '../../auth/authorizer.ts';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes } from '../admission.ts';

/**
 * A node asks for tokens of those audiences only that its pod mounts, that a CSI driver of one of the pod's volumes wants,
 * or that somebody has permitted it by name.
 */
export async function mayUseAudience(
  { readers, authorizer }: AdmissionContext,
  { user, namespace, name, resource }: AdmissionAttributes,
  pod: Pod,
  audience: string,
): Promise<boolean> {
  for (const volume of pod.spec?.volumes ?? []) {
    if (mounts(volume, audience)) return true;
    const driver = await driverOf(readers, pod, volume);
    if (driver !== undefined && (await wants(readers, driver, audience))) return true;
  }
  const { group: apiGroup, version: apiVersion } = resource;
  const question = { namespace, apiGroup, apiVersion, resource: audience, name };
  return isAllowed(authorizer, user, 'request-serviceaccounts-token-audience', question);
}

function mounts({ projected }: Volume, audience: string): boolean {
  return (projected?.sources ?? []).some(
    ({ serviceAccountToken }) => serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience,
  );
}

async function driverOf(readers: Readers, { metadata }: Pod, volume: Volume): Promise<string | undefined> {
  if (volume.csi !== undefined) return volume.csi.driver;
  const name =
    volume.ephemeral === undefined ? volume.persistentVolumeClaim?.claimName : `${metadata?.name}-${volume.name}`;
  if (name === undefined) return undefined;
  const key = { namespace: metadata?.namespace ?? '', name };
  const claim = await readers.get<PersistentVolumeClaim>(PersistentVolumeClaims, key);
  const volumeName = claim?.spec?.volumeName;
  if (!volumeName) return undefined;
  return (await readers.get<PersistentVolume>(PersistentVolumes, { name: volumeName }))?.spec?.csi?.driver;
}

async function wants(readers: Readers, driver: string, audience: string): Promise<boolean> {
  const found = await readers.get<CSIDriver>(CSIDrivers, { name: driver });
  return (found?.spec.tokenRequests ?? []).some((request) => request.audience === audience);
}
