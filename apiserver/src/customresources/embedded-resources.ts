import { type FieldError, field } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { ObjectMeta } from '@coracle/apimachinery/meta';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { dns1035Label, nameIsPathSegment, validateObjectMeta } from '@coracle/apimachinery/validation';
import { itemsOf, valuesOf } from './schema-props.ts';

/**
 * What is wrong with the objects that a custom resource holds (`x-kubernetes-embedded-resource`): they say what they are, and
 * their metadata is that of any object (apiextensions pkg/apiserver/schema/objectmeta).
 */
export function validateEmbedded(value: unknown, props: JSONSchemaProps | undefined, path = ''): FieldError[] {
  if (props === undefined) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => validateEmbedded(item, itemsOf(props), `${path}[${index}]`));
  }
  if (!isObject(value)) return [];
  const inner = Object.entries(value).flatMap(([name, child]) => {
    const own = props.properties?.[name];
    if (own !== undefined) return validateEmbedded(child, own, path === '' ? name : `${path}.${name}`);
    return validateEmbedded(child, valuesOf(props), `${path}[${name}]`);
  });
  return [...(props['x-kubernetes-embedded-resource'] === true ? validateObject(value, path) : []), ...inner];
}

function validateObject(object: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const { metadata } = object;
  return [
    ...validateText(object['apiVersion'], `${path}.apiVersion`, (text) =>
      text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined,
    ),
    ...validateText(object['kind'], `${path}.kind`, (text) => {
      const problems = dns1035Label(text.toLowerCase());
      return problems.length === 0
        ? undefined
        : `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    }),
    ...(isObject(metadata) ? validateMetadata(metadata as ObjectMeta, `${path}.metadata`) : []),
  ];
}

function validateText(value: unknown, path: string, problem: (text: string) => string | undefined): FieldError[] {
  if (value === undefined) return [field.required(path)];
  if (typeof value !== 'string') return [field.invalid(path, value, 'must be a string')];
  if (value === '') return [field.invalid(path, value, 'must not be empty')];
  const text = problem(value);
  return text === undefined ? [] : [field.invalid(path, value, text)];
}

/** It needs no name, and no namespace. */
function validateMetadata(metadata: ObjectMeta, path: string): FieldError[] {
  const named = metadata.name ? metadata : { ...metadata, name: 'fakename' };
  return validateObjectMeta(named, Boolean(metadata.namespace), nameIsPathSegment, path);
}
