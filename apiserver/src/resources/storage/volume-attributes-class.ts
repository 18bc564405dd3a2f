import { field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { VolumeAttributesClass } from '@coracle/apimachinery/types/storage-v1';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { validateParameters, validateProvisioner } from './parameters.ts';

export const volumeAttributesClassStrategy: Strategy<VolumeAttributesClass> = {
  resource: { group: 'storage.k8s.io', resource: 'volumeattributesclasses' },
  deletion: { returnsObject: true },
  changesFirst: true,
  validate: ({ driverName, parameters }) => [
    ...validateProvisioner(driverName, 'driverName'),
    ...validateParameters(parameters, false, 'parameters'),
  ],
  validateUpdate: (object, old) =>
    (['driverName', 'parameters'] as const).flatMap((name) =>
      deepEqual(object[name], old[name]) ? [] : [field.forbidden(name, `updates to ${name} are forbidden.`)],
    ),
  table: {
    columns: [nameColumn, column('DriverName', 'string', 'Driver of the volumes'), ageColumn],
    row: (object, now) => [object.metadata?.name, object.driverName, ageOf(object, now)],
  },
};
