import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepCopy, semanticEqual } from '@coracle/apimachinery/json';
import { compareQuantities, quantityOrZero } from '@coracle/apimachinery/quantity';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '@coracle/apimachinery/types/core-v1';
import {
  qualifiedName,
  dns1123Label,
  dns1123Subdomain,
  validateImmutable,
  validateLabelSelector,
} from '@coracle/apimachinery/validation';
import { amountErrors, nonNegative } from '../../shared/quantities.ts';
import { accessModeErrors, volumeModes } from '../persistentvolume/access-modes.ts';
import { storageClassAnnotation } from '../persistentvolume/strategy.ts';

/** pkg/apis/core/validation ValidatePersistentVolumeClaimSpec; `path` is that of the spec. */
export function claimErrors(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const errors = accessModeErrors(spec.accessModes, `${path}.accessModes`, 'at least 1 access mode is required');
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, `${path}.selector`));
  const size = spec.resources?.requests?.['storage'];
  const sizePath = `${path}.resources[storage]`;
  if (size === undefined) errors.push(field.required(sizePath));
  else if (quantityOrZero(size).sign <= 0) errors.push(field.invalid(sizePath, size, 'must be greater than zero'));
  const named = (name: 'storageClassName' | 'volumeAttributesClassName') =>
    dns1123Subdomain(spec[name] as string).map((text) => field.invalid(`${path}.${name}`, spec[name], text));
  if (spec.storageClassName) errors.push(...named('storageClassName'));
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(field.notSupported(`${path}.volumeMode`, spec.volumeMode, volumeModes));
  }
  errors.push(...dataSourceErrors(spec, path));
  if (spec.volumeAttributesClassName) errors.push(...named('volumeAttributesClassName'));
  return errors;
}

function dataSourceErrors({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (source) errors.push(...sourceErrors(source, `${path}.${name}`));
  }
  const { namespace } = dataSourceRef ?? {};
  if (namespace) {
    errors.push(
      ...dns1123Label(namespace).map((text) => field.invalid(`${path}.dataSourceRef.namespace`, namespace, text)),
    );
    if (dataSource)
      errors.push(
        field.invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'),
      );
  } else if (dataSource && dataSourceRef) {
    const same = (['apiGroup', 'kind', 'name'] as const).every(
      (name) => (dataSource[name] ?? '') === (dataSourceRef[name] ?? ''),
    );
    if (!same) errors.push(field.invalid(path, `${path}.dataSource`, 'must match dataSourceRef'));
  }
  return errors;
}

function sourceErrors(
  { apiGroup, kind, name }: { apiGroup?: string; kind: string; name: string },
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(field.required(`${path}.name`));
  if (!kind) errors.push(field.required(`${path}.kind`));
  if (apiGroup)
    return [...errors, ...dns1123Subdomain(apiGroup).map((text) => field.invalid(`${path}.apiGroup`, apiGroup, text))];
  if (kind === 'PersistentVolumeClaim') return errors;
  return [
    ...errors,
    field.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
  ];
}

export function claimUpdateErrors(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const spec = claim.spec ?? {};
  const before = old.spec ?? {};
  const errors: FieldError[] = [];
  const annotation = claim.metadata?.annotations?.[storageClassAnnotation];
  const oldAnnotation = old.metadata?.annotations?.[storageClassAnnotation];
  const upgraded = oldAnnotation !== undefined && annotation === undefined && spec.storageClassName === oldAnnotation;
  if (!upgraded && annotation !== oldAnnotation) {
    errors.push(
      field.invalid(`metadata.annotations[${storageClassAnnotation}]`, annotation ?? '', 'field is immutable'),
    );
  }
  if (!semanticEqual(comparable(claim, old, upgraded), before)) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(field.forbidden('spec', text));
  }
  const size = spec.resources?.requests?.['storage'];
  if (compareQuantities(size, before.resources?.requests?.['storage']) < 0) {
    const path = 'spec.resources.requests.storage';
    if (compareQuantities(size, old.status?.capacity?.['storage']) <= 0) {
      errors.push(field.forbidden(path, 'field can not be less than status.capacity'));
    }
  }
  errors.push(...validateImmutable(spec.volumeMode, before.volumeMode, 'volumeMode'));
  return [...errors, ...attributesClassErrors(claim, old)];
}

/** The new spec with everything that may change put back to what it was. */
function comparable(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  upgraded: boolean,
): PersistentVolumeClaimSpec {
  const spec = deepCopy(claim.spec ?? {});
  const before = old.spec ?? {};
  if (!before.volumeName) delete spec.volumeName;
  const classGiven =
    before.storageClassName === undefined && old.metadata?.annotations?.[storageClassAnnotation] === undefined;
  if (upgraded || classGiven) restore(spec, before, 'storageClassName');
  if (claim.status?.phase !== 'Bound') return spec;
  restore(spec, before, 'volumeAttributesClassName');
  const size = before.resources?.requests?.['storage'];
  if (spec.resources?.requests && size !== undefined) spec.resources.requests['storage'] = size;
  return spec;
}

function restore<K extends keyof PersistentVolumeClaimSpec>(
  spec: PersistentVolumeClaimSpec,
  before: PersistentVolumeClaimSpec,
  name: K,
): void {
  if (before[name] === undefined) delete spec[name];
  else spec[name] = before[name];
}

function attributesClassErrors({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const name = spec?.volumeAttributesClassName;
  if (name === old.spec?.volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined)
    return [];
  if (name) return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const text = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [field.forbidden('spec.volumeAttributesClassName', text)];
}

const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** pkg/apis/core/validation.ValidatePersistentVolumeClaimStatusUpdate */
export function claimStatusErrors({ status }: PersistentVolumeClaim): FieldError[] {
  const [statuses, allocated] = ['status.allocatedResourceStatuses', 'status.allocatedResources'];
  return [
    ...Object.entries(status?.capacity ?? {}).flatMap(([name, text]) => nonNegative(text, `status.capacity[${name}]`)),
    ...Object.entries(status?.allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [
      ...claimResourceErrors(name, statuses),
      ...(resizeStatuses.includes(state) ? [] : [field.notSupported(statuses, name, resizeStatuses)]),
    ]),
    ...Object.entries(status?.allocatedResources ?? {}).flatMap(([name, text]) => {
      const errors = claimResourceErrors(name, allocated);
      return errors.length > 0 ? errors : amountErrors('storage', text, `${allocated}[${name}]`);
    }),
  ];
}

/** Of Kubernetes' own resources, a claim is about storage alone. */
function claimResourceErrors(name: string, path: string): FieldError[] {
  const problems = qualifiedName(name).map((text) => field.invalid(path, name, text));
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  if (problems.length > 0 || !isNative || name === 'storage') return problems;
  return [field.notSupported(path, name, ['storage'])];
}
