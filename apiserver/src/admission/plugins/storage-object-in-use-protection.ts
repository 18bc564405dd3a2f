import { PersistentVolumeClaims, PersistentVolumes, VolumeAttributesClasses } from '@coracle/apimachinery/resources';
import type { AdmissionPlugin } from '../admission.ts';
import { isOf } from '../refuse.ts';

const finalizers = [
  { resource: PersistentVolumes, finalizer: 'kubernetes.io/pv-protection' },
  { resource: PersistentVolumeClaims, finalizer: 'kubernetes.io/pvc-protection' },
  { resource: VolumeAttributesClasses, finalizer: 'kubernetes.io/vac-protection' },
];

/** What is in use is not deleted before it is out of use: the protection controllers take the finalizer away. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  operations: ['CREATE'],
  handles: (attributes) => finalizers.some(({ resource }) => isOf(attributes, resource)),
  admit(attributes) {
    const found = finalizers.find(({ resource }) => isOf(attributes, resource));
    if (found === undefined || attributes.object === undefined) return;
    attributes.object.metadata ??= {};
    const present = attributes.object.metadata.finalizers ?? [];
    if (!present.includes(found.finalizer)) attributes.object.metadata.finalizers = [...present, found.finalizer];
  },
};
