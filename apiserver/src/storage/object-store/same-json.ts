import { Buffer } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { StoredEntry } from './stored-entry.ts';

/** True where writing `value` would change nothing but the order of fields. */
export function sameJson(value: Uint8Array, stored: Uint8Array, object: KubernetesObject, entry: StoredEntry): boolean {
  if (value === stored) return true;
  if (value.length !== stored.length) return false;
  if (Buffer.compare(value, stored) === 0) return true;
  const { resourceVersion } = entry.object.metadata ?? {};
  return isDeepStrictEqual({ ...object, metadata: { ...object.metadata, resourceVersion } }, entry.object);
}
