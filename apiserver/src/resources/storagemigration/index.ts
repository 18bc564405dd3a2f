import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { StorageVersionMigration } from '@coracle/apimachinery/types/storagemigration-v1';
import { dns1035Label, dns1123Subdomain, validateImmutable } from '@coracle/apimachinery/validation';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { column, nameColumn } from '../shared/table.ts';

const states = ['Running', 'Failed', 'Succeeded'];

const storageVersionMigrationStrategy: Strategy<StorageVersionMigration> = {
  resource: { group: 'storagemigration.k8s.io', resource: 'storageversionmigrations' },
  generation: 'none',
  unconditionalUpdate: false,
  validate: (object) => validateResource(object.spec?.resource ?? {}),
  validateUpdate: (object, old) => validateImmutable(object.spec, old.spec, 'spec'),
  table: {
    columns: [
      { ...nameColumn, format: '' },
      column('Resource', 'string', 'What is written anew'),
      column('Status', 'string', 'How far it is'),
    ],
    row({ metadata, spec, status }) {
      const { group, resource = '' } = spec?.resource ?? {};
      const holding = (status?.conditions ?? []).filter((condition) => condition.status === 'True');
      const state = holding.findLast(({ type }) => states.includes(type))?.type;
      return [metadata?.name, group ? `${resource}.${group}` : resource, state ?? 'Unknown'];
    },
  },
  subresources: { status: { type: 'update', resetFields: specAndMetadata } },
};

/** pkg/apis/storagemigration/validation.validateGroupResource */
function validateResource({ group = '', resource = '' }: { group?: string; resource?: string }): FieldError[] {
  const errors =
    group === '' ? [] : dns1123Subdomain(group).map((text) => field.invalid('spec.resource.group', group, text));
  if (resource === '') return [...errors, field.required('spec.resource.resource', 'resource is required to be set')];
  return [...errors, ...dns1035Label(resource).map((text) => field.invalid('spec.resource.resource', resource, text))];
}

/** Kinds of the group `storagemigration.k8s.io`. */
export const strategies: readonly Strategy[] = [storageVersionMigrationStrategy];
