import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '@coracle/apimachinery/types/storage-v1';
import { byteLength, dns1123Subdomain, rangeText } from '@coracle/apimachinery/validation';
import { inlineVolumeErrors } from '../core/persistentvolume/validation.ts';
import { isMissing, unchanged } from '../shared/declared.ts';
import { driverNameErrors } from '../shared/driver-name.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const metadataBytesMax = 256 * 1024;
const messageBytesMax = 1024;

export const volumeAttachmentStrategy: Strategy<VolumeAttachment> = {
  resource: { group: 'storage.k8s.io', resource: 'volumeattachments' },
  unconditionalUpdate: false,
  generation: 'none',
  deletion: { returnsObject: true },
  validate: validateAttachment,
  validateUpdate: (object, old) => unchanged(object.spec, old.spec, 'spec'),
  table: {
    columns: [
      nameColumn,
      { ...column('Attacher', 'string', 'Driver that attaches the volume'), format: 'name' },
      column('PV', 'string', 'The volume'),
      column('Node', 'string', 'Where it is attached'),
      column('Attached', 'boolean', 'Whether it is attached by now'),
      ageColumn,
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.attacher,
      object.spec?.source?.persistentVolumeName ?? '',
      object.spec?.nodeName,
      object.status?.attached ?? false,
      ageOf(object, now),
    ],
  },
  subresources: {
    status: { type: 'update', resetFields: specAndMetadata, validateUpdate: (object) => validateStatus(object) },
  },
};

/** pkg/apis/storage/validation.ValidateVolumeAttachment */
function validateAttachment(object: VolumeAttachment, old: VolumeAttachment | undefined): FieldError[] {
  const { attacher, source = {}, nodeName = '' } = object.spec ?? ({} as Partial<VolumeAttachment['spec']>);
  const driver = driverNameErrors(attacher, 'spec.attacher');
  // Upstream's declared rules do not look into a spec that may not change: that it is missing is told by hand then, and first.
  const isDeclared = (error: FieldError) => old === undefined && isMissing(error);
  return [
    ...driver.filter((error) => !isDeclared(error)),
    ...validateSource(source, 'spec.source'),
    ...dns1123Subdomain(nodeName).map((text) => field.invalid('spec.nodeName', nodeName, text)),
    ...validateStatus(object),
    ...validateVolumeName(source),
    ...driver.filter(isDeclared),
  ];
}

function validateSource(
  { inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource,
  path: string,
): FieldError[] {
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec !== undefined) {
    if (persistentVolumeName !== undefined) return [field.forbidden(path, text)];
    return inlineVolumeErrors(inlineVolumeSpec, `${path}.inlineVolumeSpec`);
  }
  if (persistentVolumeName === undefined) return [field.required(path, text)];
  if (persistentVolumeName !== '') return [];
  return [field.required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
}

function validateVolumeName({ persistentVolumeName: name }: VolumeAttachmentSource): FieldError[] {
  const problems = name === undefined ? [] : dns1123Subdomain(name);
  return problems.map((text) => field.invalid('spec.source.persistentVolumeName', name, text));
}

function validateStatus({ status }: VolumeAttachment): FieldError[] {
  const entries = Object.entries(status?.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  const errors = bytes > metadataBytesMax ? [field.tooLong('status.attachmentMetadata', metadataBytesMax)] : [];
  return [
    ...errors,
    ...validateError(status?.attachError, 'status.attachError'),
    ...validateError(status?.detachError, 'status.detachError'),
  ];
}

function validateError(error: VolumeError | undefined, path: string): FieldError[] {
  const { message = '', errorCode = 0 } = error ?? {};
  const errors = byteLength(message) > messageBytesMax ? [field.tooLong(`${path}.message`, messageBytesMax)] : [];
  if (errorCode < 0) errors.push(field.invalid(`${path}.errorCode`, errorCode, rangeText(0, 2147483647)));
  return errors;
}
