import { compareQuantities } from '@coracle/apimachinery/quantity';
import { PersistentVolumeClaims, StorageClasses } from '@coracle/apimachinery/resources';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { isOf, refuse } from '../refuse.ts';

/** A claim grows only where its class says that its volumes can. */
export function persistentVolumeClaimResize({ readers }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    operations: ['UPDATE'],
    handles: (attributes) => isOf(attributes, PersistentVolumeClaims),
    async validate(attributes) {
      const claim = attributes.object as PersistentVolumeClaim;
      const old = attributes.oldObject as PersistentVolumeClaim;
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound')
        throw refuse(attributes, 'Only bound persistent volume claims can be expanded');
      const name = classOf(claim);
      const found =
        name === '' || name !== classOf(old) ? undefined : await readers.get<StorageClass>(StorageClasses, { name });
      if (found?.allowVolumeExpansion) return;
      throw refuse(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? '0';
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
}
