import { type FieldError, field } from '@coracle/apimachinery/errors';
import { quantityOrZero } from '@coracle/apimachinery/quantity';
import type { CSIStorageCapacity } from '@coracle/apimachinery/types/storage-v1';
import { dns1123Subdomain, validateImmutable, validateLabelSelector } from '@coracle/apimachinery/validation';
import type { Strategy } from '../shared/registry.ts';

export const csiStorageCapacityStrategy: Strategy<CSIStorageCapacity> = {
  resource: { group: 'storage.k8s.io', resource: 'csistoragecapacities' },
  unconditionalUpdate: false,
  validate: validateCapacity,
  validateUpdate: (object, old) =>
    (['nodeTopology', 'storageClassName'] as const).flatMap((name) => validateImmutable(object[name], old[name], name)),
};

function validateCapacity({ nodeTopology, storageClassName = '', capacity }: CSIStorageCapacity): FieldError[] {
  const errors = validateLabelSelector(nodeTopology, 'nodeTopology');
  for (const text of dns1123Subdomain(storageClassName)) {
    errors.push(field.invalid('storageClassName', storageClassName, text));
  }
  if (quantityOrZero(capacity).sign < 0) {
    errors.push(field.invalid('capacity', capacity, 'must be greater than or equal to 0'));
  }
  return errors;
}
