import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ResourceQuota } from '@coracle/apimachinery/types/core-v1';
import { roundUpToMilli } from '../pod/pod-spec-defaults.ts';
import { amountErrors, quotaResourceNameErrors } from '../../shared/quantities.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';
import { scopeErrors } from './scopes.ts';

/** Source: pkg/registry/core/resourcequota. */
export const resourceQuotaStrategy: Strategy<ResourceQuota> = {
  resource: { group: '', resource: 'resourcequotas' },
  defaults({ spec, status }) {
    for (const list of [spec?.hard, status?.hard, status?.used]) if (list) roundUpToMilli(list);
  },
  resetFields: [['status']],
  generation: 'none',
  validate: ({ spec, status }) => [
    ...amounts(spec?.hard, 'spec.hard'),
    ...scopeErrors(spec ?? {}),
    ...amounts(status?.hard, 'status.hard'),
    ...amounts(status?.used, 'status.used'),
  ],
  validateUpdate({ spec }, old) {
    const key = (scopes: readonly string[] | undefined) => [...new Set(scopes)].sort().join();
    if (key(spec?.scopes) === key(old.spec?.scopes)) return [];
    return [field.invalid('spec.scopes', spec?.scopes ?? null, 'field is immutable')];
  },
  deletion: { returnsObject: true },
  table: {
    columns: [
      nameColumn,
      column('Request', 'string', 'Used and allowed, what is requested or counted'),
      column('Limit', 'string', 'Used and allowed, what limits sum up to'),
      ageColumn,
    ],
    row: (quota, now) => [quota.metadata?.name, usage(quota, false), usage(quota, true), ageOf(quota, now)],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: ({ status }) => [
        ...amounts(status?.hard, 'status.hard'),
        ...amounts(status?.used, 'status.used'),
      ],
    },
  },
};

function amounts(list: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => {
    const at = `${path}[${name}]`;
    return [...quotaResourceNameErrors(name, at), ...amountErrors(name, text, at)];
  });
}

function usage({ status }: ResourceQuota, limits: boolean): string {
  const names = Object.keys(status?.hard ?? {}).sort();
  return names
    .filter((name) => name.startsWith('limits.') === limits)
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}
