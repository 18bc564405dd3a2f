import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { StorageClass } from '@coracle/apimachinery/types/storage-v1';
import { labelValue, qualifiedName } from '@coracle/apimachinery/validation';
import { semanticEqual } from '@coracle/apimachinery/json';
import { unchanged } from '../shared/declared.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { validateParameters, validateProvisioner } from './parameters.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const immutable = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

export const storageClassStrategy: Strategy<StorageClass> = {
  resource: { group: 'storage.k8s.io', resource: 'storageclasses' },
  defaults(object) {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  deletion: { returnsObject: true },
  validate: validateStorageClass,
  validateUpdate: (object, old) => immutable.flatMap((name) => unchanged(object[name], old[name], name)),
  table: {
    columns: [
      nameColumn,
      column('Provisioner', 'string', 'Driver that makes the volumes'),
      column('ReclaimPolicy', 'string', 'What becomes of a volume whose claim is gone'),
      column('VolumeBindingMode', 'string', 'When volumes are made and bound'),
      column('AllowVolumeExpansion', 'string', 'Whether volumes can grow'),
      ageColumn,
    ],
    row: (object, now) => [
      nameText(object),
      object.provisioner,
      object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate',
      object.allowVolumeExpansion ?? false,
      ageOf(object, now),
    ],
  },
};

function nameText({ metadata }: StorageClass): string {
  const isDefault = defaultAnnotations.some((name) => metadata?.annotations?.[name] === 'true');
  return `${metadata?.name}${isDefault ? ' (default)' : ''}`;
}

/** pkg/apis/storage/validation.ValidateStorageClass */
function validateStorageClass(object: StorageClass): FieldError[] {
  const { reclaimPolicy, volumeBindingMode: mode } = object;
  const errors = validateProvisioner(object.provisioner, 'provisioner');
  errors.push(...validateParameters(object.parameters, true, 'parameters'));
  if (reclaimPolicy && !['Delete', 'Retain'].includes(reclaimPolicy)) {
    errors.push(field.notSupported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']));
  }
  const modes = ['Immediate', 'WaitForFirstConsumer'];
  if (mode === undefined) errors.push(field.required('volumeBindingMode'));
  else if (!modes.includes(mode)) errors.push(field.notSupported('volumeBindingMode', mode, modes));
  return [...errors, ...validateTopologies(object)];
}

function validateTopologies({ allowedTopologies = [] }: StorageClass): FieldError[] {
  return allowedTopologies.flatMap((term, index) => {
    const path = `allowedTopologies[${index}].matchLabelExpressions`;
    const errors: FieldError[] = [];
    const keys = new Set<string>();
    for (const [position, { key = '', values = [] }] of (term.matchLabelExpressions ?? []).entries()) {
      const at = `${path}[${position}]`;
      if (values.length === 0) errors.push(field.required(`${at}.values`));
      for (const [place, value] of values.entries()) {
        if (values.indexOf(value) < place) errors.push(field.duplicate(`${at}.values[${place}]`, value));
        for (const text of labelValue(value)) errors.push(field.invalid(`${at}.values[${place}]`, value, text));
      }
      for (const text of qualifiedName(key)) errors.push(field.invalid(`${at}.key`, key, text));
      if (keys.has(key)) errors.push(field.duplicate(`${at}.key`, key));
      keys.add(key);
    }
    if (allowedTopologies.slice(0, index).some((other) => semanticEqual(other, term))) {
      errors.push(field.duplicate(path, ''));
    }
    return errors;
  });
}
