import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { CSINode, CSINodeDriver } from '@coracle/apimachinery/types/storage-v1';
import { byteLength, qualifiedName, validateNonNegative } from '@coracle/apimachinery/validation';
import { driverNameErrors } from '../shared/driver-name.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const nodeIdBytesMax = 256;

export const csiNodeStrategy: Strategy<CSINode> = {
  resource: { group: 'storage.k8s.io', resource: 'csinodes' },
  unconditionalUpdate: false,
  deletion: { returnsObject: true },
  generation: 'none',
  validate: (object) => validateDrivers(object.spec?.drivers ?? [], 'spec.drivers'),
  validateUpdate: (object, old) =>
    (old.spec?.drivers ?? []).flatMap((before) => {
      const driver = object.spec?.drivers?.find(({ name }) => name === before.name);
      if (driver === undefined || semanticEqual(unallocated(driver), unallocated(before))) return [];
      return [field.invalid('spec.drivers', driver, 'field is immutable')];
    }),
  table: {
    columns: [nameColumn, column('Drivers', 'integer', 'CSI drivers on the node'), ageColumn],
    row: (object, now) => [object.metadata?.name, object.spec?.drivers?.length ?? 0, ageOf(object, now)],
  },
  subresources: { status: { type: 'update', resetFields: specAndMetadata } },
};

function unallocated({ allocatable: _, ...driver }: CSINodeDriver): object {
  return driver;
}

function validateDrivers(drivers: readonly CSINodeDriver[], path: string): FieldError[] {
  const names = new Set<string>();
  return drivers.flatMap((driver, index) => {
    const at = `${path}[${index}]`;
    const { name = '', nodeID = '', topologyKeys = [], allocatable } = driver;
    const errors = driverNameErrors(name, `${at}.name`);
    if (nodeID === '') errors.push(field.required(`${at}.nodeID`));
    if (byteLength(nodeID) > nodeIdBytesMax) {
      errors.push(field.invalid(`${at}.nodeID`, nodeID, `must be ${nodeIdBytesMax} characters or less`));
    }
    errors.push(...validateNonNegative(allocatable?.count ?? 0, `${at}.allocatable.count`));
    if (names.has(name)) errors.push(field.duplicate(`${at}.name`, name));
    names.add(name);
    for (const [position, key] of (topologyKeys ?? []).entries()) {
      if (key === '') errors.push(field.required(at));
      if ((topologyKeys ?? []).indexOf(key) < position) errors.push(field.duplicate(at, key));
      else errors.push(...qualifiedName(key).map((text) => field.invalid(at, key, text)));
    }
    return errors;
  });
}
