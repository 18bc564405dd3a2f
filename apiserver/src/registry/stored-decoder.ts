import { Buffer } from 'node:buffer';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { decodeProtobuf, isProtobuf } from '@coracle/apimachinery/protobuf';
import { parseGroupVersion, type ResourceRow } from '@coracle/apimachinery/schema';
import type { Scheme } from '@coracle/apimachinery/scheme';
import { checkObject } from '@coracle/apimachinery/structural';
import { refuseSealed } from '../storage/encryption/index.ts';

/**
 * Reads what a store holds in any form that this or an upstream API server writes: JSON or protobuf, in any version that
 * was a storage version once. `finish` sets defaults and puts the object into its written form.
 */
export function storedDecoder(
  scheme: Scheme,
  row: ResourceRow,
  finish: (object: KubernetesObject) => KubernetesObject,
): (stored: Uint8Array) => KubernetesObject {
  return (stored) => {
    refuseSealed(stored);
    const object = isProtobuf(stored)
      ? decodeProtobuf(stored, (kind) => scheme.schemaOfKind(kind))
      : parseJson(scheme, stored);
    return finish(scheme.convert(object, { group: row.group, version: row.version }));
  };
}

function parseJson(scheme: Scheme, stored: Uint8Array): KubernetesObject {
  const text = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).toString('utf8');
  const object = JSON.parse(text) as KubernetesObject;
  const { group, version } = parseGroupVersion(object.apiVersion ?? '');
  const schema = scheme.schemaOfKind({ group, version, kind: object.kind ?? '' });
  return schema === undefined ? object : (checkObject(object, schema).object as KubernetesObject);
}
