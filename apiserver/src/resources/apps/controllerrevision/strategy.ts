import { field } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import type { ControllerRevision } from '@coracle/apimachinery/types/apps-v1';
import { validateImmutable, validateNonNegative } from '@coracle/apimachinery/validation';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

export const controllerRevisionStrategy: Strategy<ControllerRevision> = {
  resource: { group: 'apps', resource: 'controllerrevisions' },
  generation: 'none',
  validate(object, old) {
    const errors = validateNonNegative(object.revision ?? 0, 'revision');
    if (old !== undefined || isObject(object.data)) return errors;
    const nothing = object.data === undefined || object.data === null;
    return [...errors, field.required('data', nothing ? 'data is mandatory' : 'data must be a valid JSON object')];
  },
  validateUpdate: (object, old) => validateImmutable(object.data, old.data, 'data'),
  table: {
    columns: [
      nameColumn,
      column('Controller', 'string', 'The object that this is a revision of'),
      column('Revision', 'string', 'Number of the revision'),
      ageColumn,
    ],
    row: (object, now) => [object.metadata?.name, controllerOf(object), object.revision ?? 0, ageOf(object, now)],
  },
};

function controllerOf(object: ControllerRevision): string {
  const owner = object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const { group } = parseGroupVersion(owner.apiVersion);
  return `${[owner.kind, ...(group === '' ? [] : [group])].join('.').toLowerCase()}/${owner.name}`;
}
