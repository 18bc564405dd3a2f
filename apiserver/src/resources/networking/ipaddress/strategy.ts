import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { IPAddress, ParentReference } from '@coracle/apimachinery/types/networking-v1';
import { dns1123Subdomain, pathSegmentName, validateIp } from '@coracle/apimachinery/validation';
import { unchanged } from '../../shared/declared.ts';
import { validateSegment } from '../../shared/domain-path.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageOf, column, nameColumn } from '../../shared/table.ts';

export const ipAddressStrategy: Strategy<IPAddress> = {
  resource: { group: 'networking.k8s.io', resource: 'ipaddresses' },
  validateName: (name) => validateIp('', name).map(({ detail }) => detail),
  randomSuffix: false,
  generation: 'none',
  validate: (object) => validateParent(object.spec?.parentRef),
  validateUpdate: (object, old) => unchanged(object.spec?.parentRef, old.spec?.parentRef, 'spec.parentRef'),
  table: {
    // The age has no column: upstream's rows have one cell more than they have columns.
    columns: [nameColumn, column('ParentRef', 'string', 'What the address belongs to')],
    row: (object, now) => [object.metadata?.name, parentText(object.spec?.parentRef), ageOf(object, now)],
  },
};

function parentText(parent: ParentReference | undefined): string {
  if (parent === undefined) return '<none>';
  const { group, resource = '', namespace, name } = parent;
  const what = (group ? `${resource}.${group}` : resource).toLowerCase();
  return [what, ...(namespace ? [namespace] : []), name].join('/');
}

function validateParent(parent: ParentReference | undefined): FieldError[] {
  const path = 'spec.parentRef';
  if (parent === undefined) return [field.required(path)];
  const { group = '', resource, name, namespace = '' } = parent;
  return [
    ...(group === '' ? [] : dns1123Subdomain(group)).map((text) => field.invalid(`${path}.group`, group, text)),
    ...validateSegment(resource, `${path}.resource`),
    ...validateSegment(name, `${path}.name`),
    ...pathSegmentName(namespace).map((text) => field.invalid(`${path}.namespace`, namespace, text)),
  ];
}
