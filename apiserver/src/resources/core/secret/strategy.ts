import { jsonType } from '@coracle/apimachinery/structural';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { field, type FieldError } from '@coracle/apimachinery/errors';
import type { Secret } from '@coracle/apimachinery/types/core-v1';
import { configMapKey, validateImmutable } from '@coracle/apimachinery/validation';
import { base64Bytes, fromBase64, toBase64 } from '../../shared/base64.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';
import { dataBytesMax, immutableErrors } from '../configmap/strategy.ts';

const tls = { type: 'kubernetes.io/tls', certificate: 'tls.crt', key: 'tls.key' };

/** Source: pkg/registry/core/secret. */
export const secretStrategy: Strategy<Secret> = {
  resource: { group: '', resource: 'secrets' },
  generation: 'none',
  defaults: setSecretDefaults,
  prepareForUpdate(secret, old) {
    if (!secret.type && old.type) secret.type = old.type;
  },
  changesFirst: true,
  validate: secretErrors,
  validateUpdate: (secret, old) => [
    ...validateImmutable(secret.type, old.type, 'type'),
    ...immutableErrors(secret, old, ['data']),
  ],
  warnings: tlsWarnings,
  fields: ({ type }) => ({ type: type ?? '' }),
  table: {
    columns: [
      nameColumn,
      column('Type', 'string', 'What the data is meant for'),
      column('Data', 'string', 'Number of keys'),
      ageColumn,
    ],
    row: (secret, now) => [
      secret.metadata?.name,
      secret.type ?? '',
      Object.keys(secret.data ?? {}).length,
      ageOf(secret, now),
    ],
  },
};

/** `stringData` is a way of writing only: it goes into `data` and is gone. */
function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  const { stringData } = secret;
  if (!stringData) return;
  delete secret.stringData;
  if (Object.keys(stringData).length === 0) return;
  const data = (secret.data ??= {});
  for (const [key, text] of Object.entries(stringData)) data[key] = toBase64(text);
}

function secretErrors({ metadata, type, data = {} }: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...configMapKey(key).map((text) => field.invalid(`data[${key}]`, key, text)));
    bytes += base64Bytes(value);
  }
  if (bytes > dataBytesMax) errors.push(field.tooLong('data', dataBytesMax));
  switch (type) {
    case 'kubernetes.io/service-account-token':
      if (!metadata?.annotations?.['kubernetes.io/service-account.name']) {
        errors.push(field.required('metadata.annotations[kubernetes.io/service-account.name]'));
      }
      break;
    case 'kubernetes.io/dockercfg':
      errors.push(...jsonErrors(data, '.dockercfg'));
      break;
    case 'kubernetes.io/dockerconfigjson':
      errors.push(...jsonErrors(data, '.dockerconfigjson'));
      break;
    case 'kubernetes.io/basic-auth':
      if (data['username'] === undefined && data['password'] === undefined) {
        errors.push(field.required('data[username]'), field.required('data[password]'));
      }
      break;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.push(field.required('data[ssh-privatekey]'));
      break;
    case tls.type:
      for (const key of [tls.certificate, tls.key]) {
        if (data[key] === undefined) errors.push(field.required(`data[${key}]`));
      }
  }
  return errors;
}

function jsonErrors(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [field.required(`data[${key}]`)];
  const problem = jsonProblem(new TextDecoder().decode(fromBase64(value)));
  return problem === undefined ? [] : [field.invalid(`data[${key}]`, '<secret contents redacted>', problem)];
}

/** Why a text is no JSON object, in Go's words as far as they can be had. */
function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    return `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`;
  } catch {
    if (text.trim() === '') return 'unexpected end of JSON input';
    return `invalid character '${text.trim().charAt(0)}' looking for beginning of value`;
  }
}

function tlsWarnings({ type, data = {} }: Secret): string[] {
  if (type !== tls.type) return [];
  try {
    const certificate = new X509Certificate(Buffer.from(fromBase64(data[tls.certificate] ?? '')));
    const key = createPrivateKey(Buffer.from(fromBase64(data[tls.key] ?? '')));
    return certificate.checkPrivateKey(key) ? [] : ['tls: private key does not match public key'];
  } catch {
    return ['tls: failed to find any PEM data in certificate input'];
  }
}
