import { field, type FieldError } from '@coracle/apimachinery/errors';
import type { Namespace } from '@coracle/apimachinery/types/core-v1';
import { nameIsDnsLabel, qualifiedName } from '@coracle/apimachinery/validation';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

const kubernetesFinalizer = 'kubernetes';
const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];
const nameLabel = 'kubernetes.io/metadata.name';

/** Source: pkg/registry/core/namespace. */
export const namespaceStrategy: Strategy<Namespace> = {
  resource: { group: '', resource: 'namespaces' },
  validateName: nameIsDnsLabel,
  defaults: labelWithName,
  resetFields: [['status']],
  generation: 'none',
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' };
    const spec = (namespace.spec ??= {});
    const finalizers = spec.finalizers ?? [];
    if (!finalizers.includes(kubernetesFinalizer)) spec.finalizers = [...finalizers, kubernetesFinalizer];
  },
  prepareForUpdate(namespace, old) {
    restore(namespace, old, 'spec');
    restore(namespace, old, 'status');
  },
  validate: finalizerErrors,
  canonicalize: labelWithName,
  deletion: {
    failedPrecondition: 'Precondition failed',
    marksTimeOnly: true,
    holds: ({ spec }) => (spec?.finalizers?.length ?? 0) > 0,
    markDeleting(namespace) {
      (namespace.status ??= {}).phase = 'Terminating';
    },
    returnsObject: true,
  },
  fields: ({ metadata, status }) => ({ 'status.phase': status?.phase ?? '', name: metadata?.name ?? '' }),
  table: {
    columns: [nameColumn, column('Status', 'string', 'Life cycle phase'), ageColumn],
    row: (namespace, now) => [namespace.metadata?.name, namespace.status?.phase ?? '', ageOf(namespace, now)],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      prepareForUpdate: (namespace, old) => restore(namespace, old, 'spec'),
      validateUpdate: phaseErrors,
    },
    finalize: {
      type: 'update',
      resetFields: [['status']],
      prepareForUpdate: (namespace, old) => restore(namespace, old, 'status'),
      validateUpdate: finalizerErrors,
    },
  },
};

function labelWithName({ metadata }: Namespace): void {
  if (metadata?.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}

function restore(namespace: Namespace, old: Namespace, part: 'spec' | 'status'): void {
  if (old[part] === undefined) delete namespace[part];
  else Object.assign(namespace, { [part]: old[part] });
}

function finalizerErrors({ spec }: Namespace): FieldError[] {
  const path = 'spec.finalizers';
  return (spec?.finalizers ?? []).flatMap((name) => {
    const errors = qualifiedName(name).map((text) => field.invalid(path, name, text));
    if (!name.includes('/') && !standardFinalizers.includes(name)) {
      errors.push(field.invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'));
    }
    return errors;
  });
}

function phaseErrors({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? '';
  if (!metadata?.deletionTimestamp) {
    if (phase === 'Active') return [];
    return [field.invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  if (phase === 'Terminating') return [];
  return [field.invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}
