import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import { quantityOrZero, quantityValue } from '@coracle/apimachinery/quantity';
import type {
  CSIPersistentVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
} from '@coracle/apimachinery/types/core-v1';
import { dns1123Label, dns1123Subdomain, validateImmutable } from '@coracle/apimachinery/validation';
import { hostPathTypes, nodeSelectorErrors, volumeSourceErrors } from '../pod-validation/index.ts';
import { formatErrors, optionErrors } from '../../shared/field-rules.ts';
import { driverNameErrors } from '../../shared/driver-name.ts';
import { accessModeErrors, volumeModes } from './access-modes.ts';

/** Where the data may live; exactly one of them is given. */
const sources = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];
const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

/** pkg/apis/core/validation ValidatePersistentVolume. */
export function volumeErrors({ metadata, spec = {} }: PersistentVolume): FieldError[] {
  return [
    ...accessModeErrors(spec.accessModes, 'spec.accessModes', ''),
    ...capacityErrors(spec),
    ...policyErrors(spec),
    ...affinityErrors(spec),
    ...sourceErrors(spec, metadata?.name ?? ''),
    ...classErrors(spec),
  ];
}

/** The same for a volume that stands in an attachment: it is nobody's but the driver's. */
export function inlineVolumeErrors(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const { persistentVolumeReclaimPolicy: policy, nodeAffinity } = spec;
  const context = 'in the context of inline volumes';
  const errors = accessModeErrors(spec.accessModes, 'spec.accessModes', '');
  if (policy && policy !== 'Retain') {
    errors.push(field.forbidden('spec.persistentVolumeReclaimPolicy', `may only be Retain ${context}`));
  }
  if (nodeAffinity) errors.push(field.forbidden('spec.nodeAffinity', `may not be specified ${context}`));
  return [...errors, ...sourceErrors(spec, ''), ...classErrors(spec)].map((error) => ({
    ...error,
    field: error.field.replace(/^spec/, path),
  }));
}

function capacityErrors({ capacity = {} }: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  const names = Object.keys(capacity);
  if (names.length === 0) errors.push(field.required('spec.capacity'));
  if (names.length > 1 || capacity['storage'] === undefined)
    errors.push(field.notSupported('spec.capacity', sorted(capacity), ['storage']));
  for (const name of names) {
    const path = `spec.capacity[${name}]`;
    const text = capacity[name] as string;
    const { sign } = quantityOrZero(text);
    if (sign < 0) errors.push(field.invalid(path, quantityValue(text), 'must be a valid resource quantity'));
    if (sign <= 0) errors.push(field.invalid(path, text, 'must be greater than zero'));
  }
  return errors;
}

/** As Go prints a map: by key, and null for none. */
function sorted(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

function policyErrors({ persistentVolumeReclaimPolicy: policy, hostPath }: PersistentVolumeSpec): FieldError[] {
  const path = 'spec.persistentVolumeReclaimPolicy';
  if (policy && !reclaimPolicies.includes(policy)) return [field.notSupported(path, policy, reclaimPolicies)];
  const root = hostPath !== undefined && /^\/+(\.\/*)*$/.test(hostPath.path);
  return root && policy === 'Recycle'
    ? [field.forbidden(path, "may not be 'recycle' for a hostPath mount of '/'")]
    : [];
}

function affinityErrors({ nodeAffinity }: PersistentVolumeSpec): FieldError[] {
  if (!nodeAffinity) return [];
  if (!nodeAffinity.required)
    return [field.required('spec.nodeAffinity.required', 'must specify required node constraints')];
  return nodeSelectorErrors(nodeAffinity.required.nodeSelectorTerms, 'spec.nodeAffinity.required.nodeSelectorTerms');
}

function sourceErrors(spec: PersistentVolumeSpec, name: string): FieldError[] {
  const given = sources.filter((source) => spec[source] !== undefined);
  const [first] = given;
  if (first === undefined) return [field.required('spec', 'must specify a volume type')];
  return given.flatMap((source) => {
    // Upstream never counts a flexVolume as one too many.
    if (source === first || source === 'flexVolume') return ownErrors(spec, source, name);
    const path = `spec.${source === 'cephfs' ? 'cephFS' : source}`;
    return [field.forbidden(path, 'may not specify more than 1 volume type')];
  });
}

function ownErrors(spec: PersistentVolumeSpec, source: (typeof sources)[number], name: string): FieldError[] {
  if (source === 'hostPath') {
    return [
      ...pathErrors(spec.hostPath?.path, 'spec.hostPath.path'),
      ...optionErrors(spec.hostPath?.type, hostPathTypes, 'spec.hostPath.type'),
    ];
  }
  if (source === 'local') {
    const affinity = spec.nodeAffinity?.required?.nodeSelectorTerms?.length;
    return [
      ...pathErrors(spec.local?.path, 'spec.local.path'),
      ...(affinity ? [] : [field.required('spec.nodeAffinity', 'Local volume requires node affinity')]),
    ];
  }
  if (source === 'csi') return csiErrors(spec.csi as CSIPersistentVolumeSource);
  return volumeSourceErrors(source, spec[source], `spec.${source}`, { name });
}

const secrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function csiErrors(csi: CSIPersistentVolumeSource): FieldError[] {
  return [
    ...driverNameErrors(csi.driver, 'spec.csi.driver'),
    ...(csi.volumeHandle ? [] : [field.required('spec.csi.volumeHandle')]),
    ...secrets.flatMap((kind) => {
      const reference = csi[kind];
      if (reference === undefined) return [];
      const { name = '', namespace = '' } = reference;
      return [
        ...(name === ''
          ? [field.required(`spec.csi.${kind}.name`)]
          : formatErrors(dns1123Subdomain, name, `spec.csi.${kind}.name`)),
        ...(namespace === ''
          ? [field.required(`spec.csi.${kind}.namespace`)]
          : formatErrors(dns1123Label, namespace, `spec.csi.${kind}.namespace`)),
      ];
    }),
  ];
}

/** Given, and never upwards. */
function pathErrors(value: string | undefined, path: string): FieldError[] {
  if (!value) return [field.required(path)];
  return value.split('/').includes('..') ? [field.invalid(path, value, "must not contain '..'")] : [];
}

function classErrors({
  storageClassName,
  volumeMode,
  volumeAttributesClassName,
  csi,
}: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  const named = (path: string, name: string) => dns1123Subdomain(name).map((text) => field.invalid(path, name, text));
  if (storageClassName) errors.push(...named('spec.storageClassName', storageClassName));
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode)) {
    errors.push(field.notSupported('spec.volumeMode', volumeMode, volumeModes));
  }
  if (volumeAttributesClassName === undefined) return errors;
  const path = 'spec.volumeAttributesClassName';
  if (volumeAttributesClassName === '') errors.push(field.required(path, 'an empty string is disallowed'));
  else errors.push(...named(path, volumeAttributesClassName));
  if (!csi) errors.push(field.required('spec.csi', 'has to be specified when using volumeAttributesClassName'));
  return errors;
}

export function volumeUpdateErrors(
  { spec = {} }: PersistentVolume,
  { spec: before = {} }: PersistentVolume,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!semanticEqual(sourceOf(spec, before), sourceOf(before, before))) {
    errors.push(
      field.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  }
  errors.push(...validateImmutable(spec.volumeMode, before.volumeMode, 'volumeMode'));
  if (before.nodeAffinity !== undefined && !semanticEqual(spec.nodeAffinity, before.nodeAffinity)) {
    const text = 'field is immutable, except for updating from beta label to GA';
    errors.push(field.invalid('nodeAffinity', spec.nodeAffinity ?? null, text));
  }
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(field.forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

/** The source; a secret for expansion may be added to one that has none. */
function sourceOf(spec: PersistentVolumeSpec, before: PersistentVolumeSpec): Record<string, unknown> {
  const source: Record<string, unknown> = {};
  for (const name of sources) source[name] = spec[name];
  if (spec.csi && before.csi && !before.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...others } = spec.csi;
    source['csi'] = others;
  }
  return source;
}
