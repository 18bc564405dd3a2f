import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { Lease, LeaseSpec } from '@coracle/apimachinery/types/coordination-v1';
import { qualifiedName } from '@coracle/apimachinery/validation';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

export const leaseStrategy: Strategy<Lease> = {
  resource: { group: 'coordination.k8s.io', resource: 'leases' },
  createOnUpdate: true,
  unconditionalUpdate: false,
  generation: 'none',
  prepareForCreate: (object) => dropElection(object, undefined),
  prepareForUpdate: dropElection,
  validate: (object) => validateSpec(object.spec ?? {}),
  table: {
    columns: [nameColumn, column('Holder', 'string', 'Who holds the lease'), ageColumn],
    row: (object, now) => [object.metadata?.name, object.spec?.holderIdentity ?? '', ageOf(object, now)],
  },
};

/** Coordinated leader election (KEP-4355) is off by default in 1.37: its fields stay only where they were stored before. */
function dropElection({ spec }: Lease, old: Lease | undefined): void {
  if (!old?.spec?.strategy) delete spec?.strategy;
  if (!old?.spec?.preferredHolder) delete spec?.preferredHolder;
}

function validateSpec({ leaseDurationSeconds, leaseTransitions, strategy, preferredHolder }: LeaseSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(field.invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(field.invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  if (strategy !== undefined) {
    if (strategy.includes('/')) {
      errors.push(...qualifiedName(strategy).map((text) => field.invalid('spec.strategy', strategy, text)));
    } else if (strategy !== 'OldestEmulationVersion') {
      errors.push(field.notSupported('spec.strategy', strategy, ['OldestEmulationVersion']));
    }
  }
  if (preferredHolder && !strategy) {
    errors.push(field.forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return errors;
}
