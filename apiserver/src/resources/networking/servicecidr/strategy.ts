import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ServiceCIDR, ServiceCIDRSpec } from '@coracle/apimachinery/types/networking-v1';
import { parseCidr, validateCidr } from '@coracle/apimachinery/validation';
import { specOf } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { specAndMetadata } from '../../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

export const serviceCidrStrategy: Strategy<ServiceCIDR> = {
  resource: { group: 'networking.k8s.io', resource: 'servicecidrs' },
  generation: 'none',
  validate: (object, old) => (old === undefined ? validateSpec(specOf(object)) : []),
  validateUpdate: (object, old) => validateUpdate(specOf(object), old.spec?.cidrs ?? []),
  table: {
    columns: [nameColumn, column('CIDRs', 'string', 'Ranges of cluster IPs'), ageColumn],
    row: (object, now) => [object.metadata?.name, (object.spec?.cidrs ?? []).join(','), ageOf(object, now)],
  },
  subresources: { status: { type: 'update', resetFields: specAndMetadata } },
};

function validateSpec(spec: ServiceCIDRSpec): FieldError[] {
  const path = 'spec.cidrs';
  const cidrs = spec.cidrs ?? [];
  if (cidrs.length === 0) return [field.required(path, 'at least one CIDR required')];
  if (cidrs.length > 2) return [field.invalid(path, spec, 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, index) => [...validateCidr(`${path}[${index}]`, cidr)]);
  const [first, second] = cidrs.map((cidr) => parseCidr(cidr, true)?.address.family);
  if (first !== undefined && first === second) {
    const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(field.invalid(path, cidrs, text));
  }
  return errors;
}

/** A second family may be added, nothing else changed. */
function validateUpdate(spec: ServiceCIDRSpec, old: readonly string[]): FieldError[] {
  const cidrs = spec.cidrs ?? [];
  const grows = old.length === 1 && cidrs.length === 2;
  if (!grows && old.length !== cidrs.length) {
    return [field.invalid('spec.cidrs', spec.cidrs ?? null, 'field is immutable')];
  }
  const changes = old.flatMap((cidr, index) =>
    cidr === cidrs[index] ? [] : [field.invalid(`spec.cidrs[${index}]`, cidrs[index], 'field is immutable')],
  );
  return grows ? [...changes, ...validateSpec(spec)] : changes;
}
