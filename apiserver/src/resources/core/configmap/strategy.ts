import { field, type FieldError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { byteLength, configMapKey } from '@coracle/apimachinery/validation';
import { base64Bytes } from '../../shared/base64.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

/** Largest sum of all values in bytes. */
export const dataBytesMax = 1024 * 1024;

/** Source: pkg/registry/core/configmap. */
export const configMapStrategy: Strategy<ConfigMap> = {
  resource: { group: '', resource: 'configmaps' },
  generation: 'none',
  changesFirst: true,
  validate: configMapErrors,
  validateUpdate: (configMap, old) => immutableErrors(configMap, old, ['data', 'binaryData']),
  table: {
    columns: [nameColumn, column('Data', 'string', 'Number of keys'), ageColumn],
    row: (configMap, now) => {
      const { data = {}, binaryData = {} } = configMap;
      return [
        configMap.metadata?.name,
        Object.keys(data).length + Object.keys(binaryData).length,
        ageOf(configMap, now),
      ];
    },
  },
};

function configMapErrors({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...configMapKey(key).map((text) => field.invalid(`data[${key}]`, key, text)));
    if (Object.hasOwn(binaryData, key))
      errors.push(field.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...configMapKey(key).map((text) => field.invalid(`binaryData[${key}]`, key, text)));
    bytes += base64Bytes(value);
  }
  if (bytes > dataBytesMax) errors.push(field.tooLong('', dataBytesMax));
  return errors;
}

/** What may not change once `immutable` is set, the mark itself included. */
export function immutableErrors<T extends { immutable?: boolean }>(
  object: T,
  old: T,
  parts: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const errors = object.immutable ? [] : [forbidden('immutable')];
  const changed = parts.filter((part) => !deepEqual(object[part] ?? {}, old[part] ?? {}));
  return [...errors, ...changed.map(forbidden)];
}

function forbidden(path: string): FieldError {
  return field.forbidden(path, 'field is immutable when `immutable` is set');
}
