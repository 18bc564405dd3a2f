import { type FieldError, field } from '@coracle/apimachinery/errors';
import { dns1123Label, rangeText } from '@coracle/apimachinery/validation';
import { formatErrors } from '../../shared/field-rules.ts';

/** A source of a pod's volume or of a PersistentVolume, whose fields rules look at by name. */
type Source = Readonly<Record<string, unknown>>;
type Rule = (source: Source, path: string, volume: PersistentVolumeName | undefined) => FieldError[];

/** Given for the source of a PersistentVolume, which has rules of its own here and there. */
export interface PersistentVolumeName {
  readonly name: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isEmpty = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);

/** Fields that must say something. */
function required(...names: readonly string[]): Rule {
  return (source, path) => names.flatMap((name) => (isEmpty(source[name]) ? [field.required(`${path}.${name}`)] : []));
}

function all(...rules: readonly Rule[]): Rule {
  return (source, path, volume) => rules.flatMap((rule) => rule(source, path, volume));
}

/** A reference to a secret says which one; that of a PersistentVolume also says where. */
const secret: Rule = ({ secretRef }, path, volume) => {
  if (secretRef === undefined) return [];
  const names = volume === undefined ? ['name'] : ['name', 'namespace'];
  return required(...names)(secretRef as Source, `${path}.secretRef`, volume);
};

const diskPartition: Rule = ({ partition = 0 }, path) =>
  Number(partition) >= 0 && Number(partition) <= 255
    ? []
    : [field.invalid(`${path}.partition`, partition, rangeText(1, 255))];

function unitErrors(lun: unknown, path: string): FieldError[] {
  return Number(lun) >= 0 && Number(lun) <= 255 ? [] : [field.invalid(`${path}.lun`, lun, rangeText(0, 255))];
}

const iscsiNames: readonly (readonly [prefix: string, form: RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];

function iscsiNameErrors(name: string, path: string, isPersistent: boolean): FieldError[] {
  const form = iscsiNames.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (form?.test(name) === true) return [];
  const start = form === undefined && !isPersistent ? ' starting with iqn, eui, or naa' : '';
  return [field.invalid(path, name, `must be valid format${start}`)];
}

const portalBytesMax = 64;

const iscsi: Rule = (source, path, volume) => {
  const { iqn, initiatorName, lun = 0, secretRef } = source;
  const portal = text(source['targetPortal']);
  const errors = required('targetPortal')(source, path, volume);
  if (volume !== undefined && initiatorName !== undefined && `${volume.name}:${portal}`.length > portalBytesMax) {
    const problem =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(field.invalid(`${path}.targetportal`, portal, problem));
  }
  if (isEmpty(iqn)) errors.push(field.required(`${path}.iqn`));
  else errors.push(...iscsiNameErrors(text(iqn), `${path}.iqn`, volume !== undefined));
  errors.push(...unitErrors(lun, path));
  const authenticates = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true;
  if (authenticates && secretRef === undefined) errors.push(field.required(`${path}.secretRef`));
  if (volume !== undefined && secretRef !== undefined) {
    errors.push(...required('name')(secretRef as Source, `${path}.secretRef`, volume));
  }
  if (initiatorName === undefined) return errors;
  return [...errors, ...iscsiNameErrors(text(initiatorName), `${path}.initiatorname`, volume !== undefined)];
};

const fibreChannel: Rule = ({ targetWWNs, wwids, lun }, path) => {
  const at = `${path}.targetWWNs`;
  if (isEmpty(targetWWNs)) {
    return isEmpty(wwids) ? [field.required(at, 'must specify either targetWWNs or wwids, but not both')] : [];
  }
  const errors = isEmpty(wwids)
    ? []
    : [field.invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')];
  if (lun === undefined)
    return [...errors, field.required(`${path}.lun`, 'lun is required if targetWWNs is specified')];
  return [...errors, ...unitErrors(lun, path)];
};

const flocker: Rule = (source, path) => {
  const [name, uuid] = [text(source['datasetName']), text(source['datasetUUID'])];
  const errors: FieldError[] = [];
  if (name === '' && uuid === '') errors.push(field.required(path, 'one of datasetName and datasetUUID is required'));
  if (name !== '' && uuid !== '') {
    errors.push(field.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (name.includes('/')) errors.push(field.invalid(`${path}.datasetName`, name, "must not contain '/'"));
  return errors;
};

const tenantBytesMax = 64;

const quobyte: Rule = (source, path, volume) => {
  const registry = text(source['registry']);
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: FieldError[] = [];
  if (registry === '') errors.push(field.required(`${path}.registry`, pairs));
  else if (text(source['tenant']).length > tenantBytesMax) {
    const problem = `must be a UUID and may not exceed a length of ${tenantBytesMax} characters`;
    errors.push(field.required(`${path}.tenant`, problem));
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) {
        errors.push(field.invalid(`${path}.registry`, registry, pairs));
      }
    }
  }
  return [...errors, ...required('volume')(source, path, volume)];
};

const azureDisk: Rule = (source, path, volume) => {
  const { cachingMode, kind } = source;
  const uri = text(source['diskURI']);
  const errors = required('diskName', 'diskURI')(source, path, volume);
  const modes = ['None', 'ReadOnly', 'ReadWrite'];
  const kinds = ['Dedicated', 'Managed', 'Shared'];
  if (cachingMode !== undefined && !modes.includes(text(cachingMode))) {
    errors.push(field.notSupported(`${path}.cachingMode`, cachingMode, modes));
  }
  if (kind === undefined) return errors;
  if (!kinds.includes(text(kind))) errors.push(field.notSupported(`${path}.kind`, kind, kinds));
  const [start, form] =
    kind === 'Managed'
      ? [
          '/subscriptions/',
          '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
        ]
      : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
  return uri.startsWith(start) ? errors : [...errors, field.notSupported(`${path}.diskURI`, uri, [form])];
};

const storageOs: Rule = (source, path, volume) => {
  const [name, namespace] = [text(source['volumeName']), text(source['volumeNamespace'])];
  return [
    ...(name === '' ? [field.required(`${path}.volumeName`)] : formatErrors(dns1123Label, name, `${path}.volumeName`)),
    ...(namespace === '' ? [] : formatErrors(dns1123Label, namespace, `${path}.volumeNamespace`)),
    ...secret(source, path, volume),
  ];
};

const glusterfs: Rule = (source, path, volume) => {
  const { endpointsNamespace: namespace } = source;
  const errors = required('endpoints', 'path')(source, path, volume);
  if (volume === undefined || namespace === undefined) return errors;
  const at = `${path}.endpointsNamespace`;
  if (namespace !== '') return [...errors, ...formatErrors(dns1123Label, text(namespace), at)];
  return [...errors, field.invalid(at, '', 'if the endpointnamespace is set, it must be a valid namespace name')];
};

const azureFile: Rule = (source, path, volume) => {
  const errors = required('secretName', 'shareName')(source, path, volume);
  if (volume === undefined || source['secretNamespace'] !== '') return errors;
  return [...errors, field.required(`${path}.secretNamespace`)];
};

const flexVolume: Rule = (source, path, volume) => [
  ...required('driver')(source, path, volume),
  ...Object.keys((source['options'] ?? {}) as object).flatMap((name) => {
    const [namespace = ''] = name.split('/');
    const isReserved = /\.(kubernetes|k8s)\.io$/.test(`.${namespace.toLowerCase()}`);
    const problem = 'kubernetes.io and k8s.io namespaces are reserved';
    return isReserved ? [field.invalid(`${path}.options[${name}]`, name, problem)] : [];
  }),
];

const nfs: Rule = (source, path, volume) => {
  const errors = required('server', 'path')(source, path, volume);
  const at = text(source['path']);
  return at.startsWith('/') ? errors : [...errors, field.invalid(`${path}.path`, at, 'must be an absolute path')];
};

/** Rules of sources that pods and PersistentVolumes have in common, also of those whose drivers are gone. */
const rules: Readonly<Record<string, Rule>> = {
  awsElasticBlockStore: all(required('volumeID'), diskPartition),
  azureDisk,
  azureFile,
  cephfs: required('monitors'),
  cinder: all(required('volumeID'), secret),
  fc: fibreChannel,
  flexVolume,
  flocker,
  gcePersistentDisk: all(required('pdName'), diskPartition),
  glusterfs,
  iscsi,
  nfs,
  photonPersistentDisk: required('pdID'),
  portworxVolume: required('volumeID'),
  quobyte,
  rbd: required('monitors', 'image'),
  scaleIO: required('gateway', 'system', 'volumeName'),
  storageos: storageOs,
  vsphereVolume: required('volumePath'),
};

/** What is wrong with a source of one of these kinds; nothing with one of another. */
export function volumeSourceErrors(
  kind: string,
  source: object | undefined,
  path: string,
  volume?: PersistentVolumeName,
): FieldError[] {
  // Upstream spells the path of this one in a way of its own.
  const at = kind === 'gcePersistentDisk' ? path.replace(/gcePersistentDisk$/, 'persistentDisk') : path;
  return source === undefined ? [] : (rules[kind]?.(source as Source, at, volume) ?? []);
}
