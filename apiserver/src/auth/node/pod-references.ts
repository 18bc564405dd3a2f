import type { Container, EphemeralContainer, Pod, Volume } from '@coracle/apimachinery/types/core-v1';

/** Kinds of objects that a node may read because one of its pods uses them. */
export type ReferenceKind = 'secret' | 'configmap' | 'persistentvolumeclaim' | 'serviceaccount' | 'resourceclaim';

/** What a pod uses, as `kind:namespace/name`. */
export function podReferences(pod: Pod): Set<string> {
  const found = new Set<string>();
  const { metadata = {}, spec, status } = pod;
  if (spec === undefined) return found;
  const add = (kind: ReferenceKind, name: string | undefined): void => {
    if (name) found.add(`${kind}:${metadata.namespace}/${name}`);
  };
  add('serviceaccount', spec.serviceAccountName);
  for (const { name } of spec.imagePullSecrets ?? []) add('secret', name);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) addOfContainer(container, add);
  for (const volume of spec.volumes ?? []) addOfVolume(volume, metadata.name ?? '', add);
  for (const { resourceClaimName } of spec.resourceClaims ?? []) add('resourceclaim', resourceClaimName);
  for (const { resourceClaimName } of status?.resourceClaimStatuses ?? []) add('resourceclaim', resourceClaimName);
  add('resourceclaim', status?.extendedResourceClaimStatus?.resourceClaimName);
  return found;
}

type Add = (kind: ReferenceKind, name: string | undefined) => void;

function addOfContainer({ env, envFrom }: Container | EphemeralContainer, add: Add): void {
  for (const { configMapRef, secretRef } of envFrom ?? []) {
    add('configmap', configMapRef?.name);
    add('secret', secretRef?.name);
  }
  for (const { valueFrom } of env ?? []) {
    add('configmap', valueFrom?.configMapKeyRef?.name);
    add('secret', valueFrom?.secretKeyRef?.name);
  }
}

function addOfVolume(volume: Volume, podName: string, add: Add): void {
  add('secret', volume.secret?.secretName);
  add('configmap', volume.configMap?.name);
  add('persistentvolumeclaim', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) add('persistentvolumeclaim', `${podName}-${volume.name}`);
  for (const { secret, configMap } of volume.projected?.sources ?? []) {
    add('secret', secret?.name);
    add('configmap', configMap?.name);
  }
  const { azureFile, cephfs, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = volume;
  add('secret', azureFile?.secretName);
  const others = [cephfs, flexVolume, iscsi, rbd, scaleIO, storageos].map((source) => source?.secretRef?.name);
  for (const name of [...others, csi?.nodePublishSecretRef?.name]) add('secret', name);
}
