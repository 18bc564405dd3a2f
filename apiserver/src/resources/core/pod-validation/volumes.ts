import { type FieldError, field } from '@coracle/apimachinery/errors';
import { quantityOrZero } from '@coracle/apimachinery/quantity';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '@coracle/apimachinery/types/core-v1';
import { dns1123Label, dns1123Subdomain, validateLabelSelector } from '@coracle/apimachinery/validation';
import { claimErrors } from '../persistentvolumeclaim/validation.ts';
import { fileFieldErrors, resourceReferenceErrors } from './environment.ts';
import { formatErrors, optionErrors } from '../../shared/field-rules.ts';
import { fileModeErrors, localPathErrors, noBackstepErrors, Unique } from './rules.ts';
import { templateMetadataErrors } from '../../shared/template-metadata.ts';
import { certificateSecondsMax, certificateSecondsMin, validateUserAnnotations } from '../../shared/pod-certificate.ts';
import { validateSignerName } from '../../shared/signer-name.ts';
import { volumeSourceErrors } from './volume-sources.ts';

export const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
export const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** Volumes that are in order, by name: what mounts may refer to. `podName` is undefined in templates. */
export function volumeErrors(
  volumes: readonly Volume[] | undefined,
  podName: string | undefined,
  path: string,
): { errors: FieldError[]; usable: ReadonlyMap<string, Volume> } {
  const usable = new Map<string, Volume>();
  const errors: FieldError[] = [];
  const ownClaims = new Set(
    (volumes ?? []).flatMap(({ name, ephemeral }) => (ephemeral && podName ? [`${podName}-${name}`] : [])),
  );
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = `${path}[${index}]`;
    const found = sourceErrors(volume, podName, at);
    found.push(
      ...(volume.name ? formatErrors(dns1123Label, volume.name, `${at}.name`) : [field.required(`${at}.name`)]),
    );
    if (usable.has(volume.name)) found.push(field.duplicate(`${at}.name`, volume.name));
    if (found.length === 0) usable.set(volume.name, volume);
    errors.push(...found);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && ownClaims.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(field.invalid(`${at}.persistentVolumeClaim.claimName`, claim, text));
    }
  }
  return { errors, usable };
}

type Source = Exclude<keyof Volume, 'name'>;
type Rule = (volume: Volume, path: string) => FieldError[];

/** A kind of volume with the rules that PersistentVolumes have for it too. */
function shared(kind: Source): Rule {
  return (volume, path) => volumeSourceErrors(kind, volume[kind], path);
}

/** Rules of each kind of volume, in the order upstream looks at them. */
const rules: ReadonlyMap<Source, Rule> = new Map<Source, Rule>([
  ['emptyDir', emptyDirErrors],
  ['hostPath', hostPathErrors],
  ['gitRepo', ({ gitRepo }, path) => (gitRepo?.repository ? [] : [field.required(`${path}.repository`)])],
  ['gcePersistentDisk', shared('gcePersistentDisk')],
  ['awsElasticBlockStore', shared('awsElasticBlockStore')],
  ['secret', ({ secret }, path) => keyedErrors(secret ?? {}, secret?.secretName, `${path}.secretName`, path)],
  ['nfs', shared('nfs')],
  ['iscsi', shared('iscsi')],
  ['glusterfs', shared('glusterfs')],
  ['flocker', shared('flocker')],
  [
    'persistentVolumeClaim',
    ({ persistentVolumeClaim: claim }, path) => (claim?.claimName ? [] : [field.required(`${path}.claimName`)]),
  ],
  ['rbd', shared('rbd')],
  ['cinder', shared('cinder')],
  ['cephfs', shared('cephfs')],
  ['quobyte', shared('quobyte')],
  ['downwardAPI', ({ downwardAPI }, path) => downwardErrors(downwardAPI ?? {}, path)],
  ['fc', shared('fc')],
  ['flexVolume', shared('flexVolume')],
  ['configMap', ({ configMap }, path) => keyedErrors(configMap ?? {}, configMap?.name, `${path}.name`, path)],
  ['azureFile', shared('azureFile')],
  ['vsphereVolume', shared('vsphereVolume')],
  ['photonPersistentDisk', shared('photonPersistentDisk')],
  ['portworxVolume', shared('portworxVolume')],
  ['azureDisk', shared('azureDisk')],
  ['storageos', shared('storageos')],
  ['projected', ({ projected }, path) => projectedErrors(projected ?? {}, path)],
  ['scaleIO', shared('scaleIO')],
  ['csi', csiErrors],
  ['ephemeral', ephemeralErrors],
  ['image', imageErrors],
]);

/** Fields that upstream spells in a way of its own when it finds one too many. */
const oddNames: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function sourceErrors(volume: Volume, podName: string | undefined, path: string): FieldError[] {
  const given = [...rules.keys()].filter((name) => volume[name] !== undefined);
  const [first, ...others] = given;
  if (!first) return [field.required(path, 'must specify a volume type')];
  const errors = rules.get(first)?.(volume, `${path}.${first}`) ?? [];
  errors.push(
    ...others.map((name) =>
      field.forbidden(`${path}.${oddNames[name] ?? name}`, 'may not specify more than 1 volume type'),
    ),
  );
  if (first === 'ephemeral' && podName && volume.name) {
    const claim = `${podName}-${volume.name}`;
    errors.push(
      ...dns1123Subdomain(claim).map((text) =>
        field.invalid(`${path}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${text}`),
      ),
    );
  }
  return errors;
}

function emptyDirErrors({ emptyDir }: Volume, path: string): FieldError[] {
  if (quantityOrZero(emptyDir?.sizeLimit).sign >= 0) return [];
  return [field.forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')];
}

function hostPathErrors({ hostPath }: Volume, path: string): FieldError[] {
  if (!hostPath?.path) return [field.required(`${path}.path`)];
  return [
    ...noBackstepErrors(hostPath.path, `${path}.path`),
    ...optionErrors(hostPath.type, hostPathTypes, `${path}.type`),
  ];
}

function keyedErrors(
  { defaultMode, items }: { defaultMode?: number; items?: readonly KeyToPath[] },
  name: string | undefined,
  namePath: string,
  path: string,
): FieldError[] {
  return [
    ...(name ? [] : [field.required(namePath)]),
    ...fileModeErrors(defaultMode, `${path}.defaultMode`),
    ...(items ?? []).flatMap((item, index) => keyErrors(item, `${path}.items[${index}]`)),
  ];
}

function keyErrors({ key, path: file, mode }: KeyToPath, path: string): FieldError[] {
  return [
    ...(key ? [] : [field.required(`${path}.key`)]),
    ...(file ? [] : [field.required(`${path}.path`)]),
    ...localPathErrors(file ?? '', `${path}.path`),
    ...fileModeErrors(mode, `${path}.mode`),
  ];
}

function downwardErrors(
  { defaultMode, items }: { defaultMode?: number; items?: readonly DownwardAPIVolumeFile[] },
  path: string,
): FieldError[] {
  return [
    ...fileModeErrors(defaultMode, `${path}.defaultMode`),
    ...(items ?? []).flatMap((item) => downwardFileErrors(item, path)),
  ];
}

function downwardFileErrors(
  { path: file, fieldRef, resourceFieldRef, mode }: DownwardAPIVolumeFile,
  path: string,
): FieldError[] {
  const errors = file ? [] : [field.required(`${path}.path`)];
  errors.push(...localPathErrors(file ?? '', `${path}.path`));
  if (fieldRef) {
    errors.push(...fileFieldErrors(fieldRef, `${path}.fieldRef`));
    if (resourceFieldRef)
      errors.push(field.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (resourceFieldRef) {
    errors.push(...resourceReferenceErrors(resourceFieldRef, true, `${path}.resourceFieldRef`));
  } else {
    errors.push(field.required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...fileModeErrors(mode, `${path}.mode`)];
}

function projectedErrors({ defaultMode, sources }: ProjectedVolumeSource, path: string): FieldError[] {
  const files = new Unique();
  const errors = fileModeErrors(defaultMode, `${path}.defaultMode`);
  for (const [index, source] of (sources ?? []).entries()) {
    const at = `${path}.sources[${index}]`;
    errors.push(...projectionErrors(source, path, at));
    for (const { file, owner } of projectedFiles(source)) {
      if (files.errors(file, '').length > 0)
        errors.push(field.invalid(path, owner ?? file, 'conflicting duplicate paths'));
    }
    if (Object.keys(source).length > 1)
      errors.push(field.forbidden(at, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

function projectedFiles({ secret, configMap, downwardAPI, clusterTrustBundle, podCertificate }: VolumeProjection) {
  const keyed = [secret, configMap].flatMap((source) =>
    (source?.items ?? []).map(({ path }) => ({ file: path, owner: source?.name })),
  );
  const others = [
    ...(downwardAPI?.items ?? []).map(({ path }) => path),
    clusterTrustBundle?.path,
    podCertificate?.credentialBundlePath,
    podCertificate?.keyPath,
    podCertificate?.certificateChainPath,
  ];
  return [...keyed, ...others.flatMap((file) => (file ? [{ file, owner: undefined }] : []))].filter(
    ({ file }) => file !== '',
  );
}

function projectionErrors(source: VolumeProjection, volumePath: string, path: string): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  const errors: FieldError[] = [];
  if (secret)
    errors.push(
      ...keyedErrors(
        { ...(secret.items && { items: secret.items }) },
        secret.name,
        `${path}.secret.name`,
        `${path}.secret`,
      ),
    );
  if (configMap) {
    const at = `${path}.configMap`;
    errors.push(
      ...keyedErrors({ ...(configMap.items && { items: configMap.items }) }, configMap.name, `${at}.name`, at),
    );
  }
  for (const item of downwardAPI?.items ?? []) errors.push(...downwardFileErrors(item, `${path}.downwardAPI`));
  if (serviceAccountToken) {
    errors.push(
      ...expirationErrors(serviceAccountToken.expirationSeconds, `${path}.serviceAccountToken.expirationSeconds`),
    );
    const file = serviceAccountToken.path;
    errors.push(...(file ? localPathErrors(file, `${volumePath}.path`) : [field.required(`${volumePath}.path`)]));
  }
  if (clusterTrustBundle) errors.push(...trustBundleErrors(clusterTrustBundle, `${path}.clusterTrustBundle`));
  if (podCertificate) errors.push(...certificateErrors(podCertificate, `${path}.podCertificate`));
  return errors;
}

function expirationErrors(seconds: number | undefined, path: string): FieldError[] {
  if (seconds === undefined) return [field.required(path)];
  if (seconds < 600) return [field.invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > 2 ** 32) return [field.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

function trustBundleErrors(bundle: NonNullable<VolumeProjection['clusterTrustBundle']>, path: string): FieldError[] {
  const { name, signerName, labelSelector, path: file } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    errors.push(field.invalid(path, bundle, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (name === '') errors.push(field.required(`${path}.name`, 'must be a valid object name'));
    if (labelSelector)
      errors.push(
        field.invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'),
      );
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(field.required(`${path}.signerName`, 'must be a valid signer name'));
    if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  } else {
    errors.push(field.required(path, 'either name or signerName must be specified'));
  }
  if (!file) errors.push(field.required(`${path}.path`));
  return [...errors, ...localPathErrors(file ?? '', `${path}.path`)];
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];

function certificateErrors(certificate: NonNullable<VolumeProjection['podCertificate']>, path: string): FieldError[] {
  const { keyType, maxExpirationSeconds: seconds, signerName } = certificate;
  const errors = [
    ...validateSignerName(signerName, `${path}.signerName`),
    ...validateUserAnnotations(certificate.userAnnotations, `${path}.userAnnotations`),
  ];
  if (!keyTypes.includes(keyType)) errors.push(field.notSupported(`${path}.keyType`, keyType, keyTypes));
  if (seconds !== undefined && seconds < certificateSecondsMin) {
    errors.push(
      field.invalid(
        `${path}.maxExpirationSeconds`,
        seconds,
        `if provided, maxExpirationSeconds must be >= ${certificateSecondsMin}`,
      ),
    );
  }
  const most = certificateSecondsMax(signerName);
  if (seconds !== undefined && seconds > most) {
    const detail = `if provided, maxExpirationSeconds must be <= ${most}`;
    errors.push(field.invalid(`${path}.maxExpirationSeconds`, seconds, detail));
  }
  const names = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  const files = names.flatMap((name) => (certificate[name] ? [[name, certificate[name]] as const] : []));
  if (files.length === 0) {
    errors.push(
      field.required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'),
    );
  }
  return [...errors, ...files.flatMap(([name, file]) => localPathErrors(file, `${path}.${name}`))];
}

function csiErrors({ csi }: Volume, path: string): FieldError[] {
  const errors = csi?.driver
    ? formatErrors(dns1123Subdomain, csi.driver.toLowerCase(), `${path}.driver`)
    : [field.required(`${path}.driver`)];
  const secret = csi?.nodePublishSecretRef;
  if (secret && !secret.name) errors.push(field.required(`${path}.nodePublishSecretRef.name`));
  else if (secret?.name) errors.push(...formatErrors(dns1123Subdomain, secret.name, `${path}.name`));
  return errors;
}

function ephemeralErrors({ ephemeral }: Volume, path: string): FieldError[] {
  const template = ephemeral?.volumeClaimTemplate;
  if (!template) return [field.required(`${path}.volumeClaimTemplate`)];
  const at = `${path}.volumeClaimTemplate`;
  return [
    ...templateMetadataErrors(template.metadata, `${at}.metadata`),
    ...claimErrors(template.spec ?? {}, `${at}.spec`),
  ];
}

function imageErrors({ image }: Volume, path: string): FieldError[] {
  const errors = image?.reference ? [] : [field.required(`${path}.reference`)];
  return [...errors, ...optionErrors(image?.pullPolicy, pullPolicies, `${path}.pullPolicy`)];
}
