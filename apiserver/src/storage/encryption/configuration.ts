import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { GroupResource } from '@coracle/apimachinery/schema';
import { type ConfigKind, document, duration, integer, listOf, struct, text, texts } from '../../configfile/index.ts';

export interface EncryptionConfiguration {
  readonly resources?: readonly ResourceConfig[];
}

export interface ResourceConfig {
  /** `secrets`, `pandas.awesome.bears.example`, `*.apps`, `*.` (core), `*.*`. */
  readonly resources?: readonly string[];
  readonly providers?: readonly ProviderConfig[];
}

/** Exactly one of them. */
export interface ProviderConfig {
  readonly aesgcm?: { readonly keys: readonly KeyConfig[] };
  readonly aescbc?: { readonly keys: readonly KeyConfig[] };
  readonly secretbox?: { readonly keys: readonly KeyConfig[] };
  readonly identity?: object;
  readonly kms?: object;
}

export interface KeyConfig {
  readonly name: string;
  /** Base64 of 16, 24 or 32 bytes for AES, 32 for secretbox. */
  readonly secret: string;
}

const key = struct('v1.Key', { name: text, secret: text });
const keys = (name: string) => struct(name, { keys: listOf(key) });
const kms = struct('v1.KMSConfiguration', {
  apiVersion: text,
  name: text,
  cachesize: integer,
  endpoint: text,
  timeout: duration,
});
const provider = struct('v1.ProviderConfiguration', {
  aesgcm: keys('v1.AESConfiguration'),
  aescbc: keys('v1.AESConfiguration'),
  secretbox: keys('v1.SecretboxConfiguration'),
  identity: struct('v1.IdentityConfiguration', {}),
  kms,
});

/** `--encryption-provider-config` (k8s.io/apiserver pkg/apis/apiserver/v1, validation/validation_encryption.go). */
export const encryptionConfigKind: ConfigKind<EncryptionConfiguration> = {
  apiVersions: ['apiserver.config.k8s.io/v1'],
  kind: 'EncryptionConfiguration',
  schema: document('v1.EncryptionConfiguration', {
    resources: listOf(struct('v1.ResourceConfiguration', { resources: texts, providers: listOf(provider) })),
  }),
  validate({ resources = [] }) {
    if (resources.length === 0) return [field.required('resources', atLeastOne('resources'))];
    return resources.flatMap((each, index) => validateResource(each, `resources[${index}]`));
  },
};

export function parseGroupResource(name: string): GroupResource {
  const dot = name.indexOf('.');
  return dot < 0 ? { group: '', resource: name } : { group: name.slice(dot + 1), resource: name.slice(0, dot) };
}

const atLeastOne = (what: string) => `at least one ${what} is required`;

function validateResource({ resources = [], providers = [] }: ResourceConfig, path: string): FieldError[] {
  const [names, list] = [`${path}.resources`, `${path}.providers`];
  return [
    ...(resources.length === 0 ? [field.required(names, atLeastOne(names))] : []),
    ...validateOverlap(resources, names),
    ...resources.flatMap((name, index) => validateName(name, `${names}[${index}]`)),
    ...(providers.length === 0 ? [field.required(list, atLeastOne(list))] : []),
    ...providers.flatMap((each, index) => validateProvider(each, `${list}[${index}]`)),
  ];
}

function validateOverlap(names: readonly string[], path: string): FieldError[] {
  const resources = names.map(parseGroupResource);
  const duplicate = new Set(names).size < names.length;
  const overlaps = (a: GroupResource, b: GroupResource) =>
    (a.group === '*' && a.resource === '*') || (a.group === b.group && (a.resource === '*' || b.resource === '*'));
  const overlap = resources.some((a, i) =>
    resources.some((b, j) => i !== j && names[i] !== names[j] && overlaps(a, b)),
  );
  return [
    ...(duplicate ? [field.invalid(path, names, 'the same resource cannot be specified multiple times')] : []),
    ...(overlap
      ? [
          field.invalid(
            path,
            names,
            "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
          ),
        ]
      : []),
  ];
}

const withoutApi = new Set(['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations']);

function validateName(name: string, path: string): FieldError[] {
  const problem = problemOf(name);
  return problem === undefined ? [] : [field.invalid(path, name, problem)];
}

function problemOf(name: string): string | undefined {
  const { group, resource } = parseGroupResource(name);
  if (/[A-Z]/.test(name)) return 'resource name should not contain capital letters';
  if (name === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (withoutApi.has(name)) return 'resources which do not have REST API/s cannot be encrypted';
  if (group === 'events.k8s.io') {
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  }
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption";
  if (group === '*' && resource !== '*') return 'encrypting the same resource across groups is not supported';
  return undefined;
}

const aesKeyBytes = [16, 24, 32];
const secretboxKeyBytes = [32];

function validateProvider(config: ProviderConfig, path: string): FieldError[] {
  const found = Object.keys(config);
  if (found.length === 0) {
    const detail = 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [field.invalid(path, config, detail)];
  }
  if (found.length > 1) {
    // The value would show keys.
    const detail = 'more than one provider specified in a single element, should split into different list elements';
    return [field.invalid(path, found.join(', '), detail)];
  }
  const { aesgcm, aescbc, secretbox, kms: service } = config;
  if (service !== undefined) {
    return [
      field.forbidden(`${path}.kms`, 'key management services are not supported: use aesgcm, aescbc or secretbox'),
    ];
  }
  if (aesgcm !== undefined) return validateKeys(aesgcm.keys, `${path}.aesgcm.keys`, aesKeyBytes);
  if (aescbc !== undefined) return validateKeys(aescbc.keys, `${path}.aescbc.keys`, aesKeyBytes);
  if (secretbox !== undefined) return validateKeys(secretbox.keys, `${path}.secretbox.keys`, secretboxKeyBytes);
  return [];
}

function validateKeys(list: readonly KeyConfig[] | undefined, path: string, lengths: readonly number[]): FieldError[] {
  if (list === undefined || list.length === 0) return [field.required(path, atLeastOne('keys'))];
  return list.flatMap(({ name, secret }, index) => [
    ...(name ? [] : [field.required(`${path}[${index}].name`, 'name is a mandatory field for a key')]),
    ...validateSecret(secret, `${path}[${index}].secret`, lengths),
  ]);
}

function validateSecret(secret: string | undefined, path: string, lengths: readonly number[]): FieldError[] {
  if (!secret) return [field.required(path, 'secret is a mandatory field for a key')];
  const bytes = Buffer.from(secret, 'base64');
  if (bytes.toString('base64') !== secret) return [field.invalid(path, 'REDACTED', 'secrets must be base64 encoded')];
  if (lengths.includes(bytes.length)) return [];
  const detail = `secret is not of the expected length, got ${bytes.length}, expected one of [${lengths.join(' ')}]`;
  return [field.invalid(path, 'REDACTED', detail)];
}
