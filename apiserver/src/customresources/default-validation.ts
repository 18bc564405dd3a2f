import { type FieldError, field } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { itemsOf, valuesOf } from './schema-props.ts';
import { compileValidator } from './value-validator.ts';

/**
 * What is wrong with the defaults of a structural schema: each must keep the rules of its own place and say nothing that
 * would be taken out of an object (apiextensions pkg/apiserver/schema/defaulting/validation.go).
 */
export function validateDefaults(props: JSONSchemaProps, path: string): FieldError[] {
  const items = itemsOf(props);
  return [
    ...(props.default === undefined ? [] : defaultErrors(props, `${path}.default`)),
    ...(items === undefined ? [] : validateDefaults(items, `${path}.items`)),
    ...Object.entries(props.properties ?? {}).flatMap(([name, property]) =>
      validateDefaults(property, `${path}.properties[${name}]`),
    ),
  ];
}

function defaultErrors(props: JSONSchemaProps, path: string): FieldError[] {
  const found = compileValidator(props).validate(props.default, '');
  return [
    ...(hasUnknown(props.default, props) ? [field.invalid(path, props.default, 'must not have unknown fields')] : []),
    ...found.map((error) => ({ ...error, field: error.field === '' ? path : `${path}.${error.field}` })),
  ];
}

const typeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Whether pruning would take something out of a value. */
function hasUnknown(value: unknown, props: JSONSchemaProps): boolean {
  if (Array.isArray(value)) {
    const items = itemsOf(props);
    return items !== undefined && value.some((item) => hasUnknown(item, items));
  }
  if (!isObject(value)) return false;
  const keepsAll = props['x-kubernetes-preserve-unknown-fields'] === true;
  return Object.entries(value).some(([name, child]) => {
    const known = props.properties?.[name] ?? valuesOf(props);
    if (known !== undefined) return hasUnknown(child, known);
    return !keepsAll && !(props['x-kubernetes-embedded-resource'] === true && typeFields.has(name));
  });
}
