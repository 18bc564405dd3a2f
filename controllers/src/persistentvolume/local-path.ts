import type { Node, PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import { annotations } from './match.ts';

/** The provisioner of the storage class `coracle-local`. */
export const localPathProvisioner = 'cloud.coracle.dev/local-path';
const defaultDirectory = '/var/lib/coracle/volumes';

/**
 * A volume for the claim: a directory on one node, which the node agent makes when the first pod mounts it. Its place can be
 * set by the parameter `path` of the storage class.
 */
export function makeLocalVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node,
): PersistentVolume {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata ?? {};
  const volumeName = `pvc-${uid}`;
  const directory = storageClass.parameters?.['path'] ?? defaultDirectory;
  const hostname = node.metadata?.labels?.['kubernetes.io/hostname'] ?? node.metadata?.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName,
      annotations: { [annotations.provisionedBy]: localPathProvisioner, [annotations.boundByController]: 'yes' },
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.['storage'] ?? '0' },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      ...(storageClass.metadata?.name ? { storageClassName: storageClass.metadata.name } : {}),
      ...(claim.spec?.volumeMode ? { volumeMode: claim.spec.volumeMode } : {}),
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      hostPath: { path: `${directory}/${volumeName}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] },
          ],
        },
      },
    },
  };
}
