import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { compilePattern } from '../patterns/index.ts';
import { itemsOf, valuesOf } from './schema-props.ts';

/**
 * Whether a schema is structural: every value has a type, and what combines schemas adds nothing that the structure does
 * not have (KEP-1178, apiextensions `schema/validation.go`). Paths are printed as upstream does, `properties[spec].type`.
 */
export function validateRootSchema(schema: JSONSchemaProps, path: string, hasStatus: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.type !== undefined && schema.type !== '' && schema.type !== 'object') {
    errors.push(
      hasStatus
        ? field.invalid(
            `${path}.type`,
            schema.type,
            'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
          )
        : field.invalid(`${path}.type`, schema.type, 'must be object at the root'),
    );
  }
  if (schema.type === undefined || schema.type === '')
    errors.push(field.required(`${path}.type`, 'must not be empty at the root'));
  if (schema.nullable === true) errors.push(field.forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  walk(schema, path, 'root', errors);
  return errors;
}

type Place = 'root' | 'field' | 'array' | 'additional';

const placeNames: Readonly<Record<Place, string>> = {
  root: 'at the root',
  field: 'for specified object fields',
  array: 'for specified array items',
  additional: 'for specified object fields',
};
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

function walk(props: JSONSchemaProps, path: string, place: Place, errors: FieldError[]): void {
  checkType(props, path, place, errors);
  checkForbidden(props, path, errors);
  checkExtensions(props, path, errors);
  checkPattern(props, path, errors);
  for (const [name, property] of Object.entries(props.properties ?? {}))
    walk(property, `${path}.properties[${name}]`, 'field', errors);
  const values = props.additionalProperties === true ? undefined : valuesOf(props);
  if (values !== undefined) walk(values, `${path}.additionalProperties`, 'additional', errors);
  const items = itemsOf(props);
  if (items !== undefined) walk(items, `${path}.items`, 'array', errors);
  else if (props.type === 'array') errors.push(field.required(`${path}.items`, 'must be specified'));
  if (values !== undefined && Object.keys(props.properties ?? {}).length > 0) {
    errors.push(
      field.forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, part] of (props[key] ?? []).entries())
      walkCombined(part, `${path}.${key}[${index}]`, props, errors);
  }
  if (props.not !== undefined) walkCombined(props.not, `${path}.not`, props, errors);
}

function checkType(props: JSONSchemaProps, path: string, place: Place, errors: FieldError[]): void {
  const { type } = props;
  if (type !== undefined && type !== '' && !types.includes(type))
    errors.push(field.notSupported(`${path}.type`, type, types));
  if (place === 'root') return;
  const typeless =
    props['x-kubernetes-int-or-string'] === true || props['x-kubernetes-preserve-unknown-fields'] === true;
  if ((type === undefined || type === '') && !typeless) {
    errors.push(field.required(`${path}.type`, `must not be empty ${placeNames[place]}`));
  }
  if (props['x-kubernetes-embedded-resource'] === true && type !== 'object') {
    errors.push(field.invalid(`${path}.type`, type ?? '', 'must be object if x-kubernetes-embedded-resource is true'));
  }
}

const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function checkForbidden(props: JSONSchemaProps, path: string, errors: FieldError[]): void {
  for (const name of unsupported) {
    if (props[name] !== undefined) errors.push(field.forbidden(`${path}.${name}`, `${name} is not supported`));
  }
  if (props.uniqueItems === true) {
    errors.push(
      field.forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  if (Array.isArray(props.items))
    errors.push(field.forbidden(`${path}.items`, 'items must be a schema object and not an array'));
}

function checkExtensions(props: JSONSchemaProps, path: string, errors: FieldError[]): void {
  const listType = props['x-kubernetes-list-type'];
  const mapType = props['x-kubernetes-map-type'];
  const keys = props['x-kubernetes-list-map-keys'];
  if (props['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(field.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(field.notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(field.notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (listType !== undefined && props.type !== 'array') {
    errors.push(
      props.type === undefined
        ? field.required(`${path}.type`, 'must be array if x-kubernetes-list-type is specified')
        : field.invalid(`${path}.type`, props.type, 'must be array if x-kubernetes-list-type is specified'),
    );
  }
  if (keys !== undefined && keys.length > 0 && listType !== 'map') {
    errors.push(
      listType === undefined
        ? field.required(`${path}.x-kubernetes-list-type`, 'must be map if x-kubernetes-list-map-keys is non-empty')
        : field.invalid(
            `${path}.x-kubernetes-list-type`,
            listType,
            'must be map if x-kubernetes-list-map-keys is non-empty',
          ),
    );
  }
  if (listType === 'map') checkMapKeys(props, path, keys ?? [], errors);
}

function checkMapKeys(props: JSONSchemaProps, path: string, keys: readonly string[], errors: FieldError[]): void {
  const items = itemsOf(props);
  if (keys.length === 0) {
    errors.push(
      field.required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    );
  }
  if (items === undefined) return;
  if (items.type !== 'object') {
    errors.push(
      field.invalid(
        `${path}.items.type`,
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
    return;
  }
  for (const key of keys) {
    const property = items.properties?.[key];
    const keyPath = `${path}.items.properties[${key}]`;
    if (property === undefined) {
      errors.push(
        field.invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties'),
      );
    } else if (property.default === undefined && items.required?.includes(key) !== true) {
      errors.push(
        field.required(
          `${keyPath}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  }
  if (new Set(keys).size !== keys.length) {
    errors.push(field.invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'must not contain duplicate entries'));
  }
}

function checkPattern({ pattern }: JSONSchemaProps, path: string, errors: FieldError[]): void {
  if (pattern === undefined) return;
  try {
    compilePattern(pattern);
  } catch (error) {
    errors.push(
      field.invalid(
        `${path}.pattern`,
        pattern,
        `must be a valid regular expression, but isn't: ${(error as Error).message}`,
      ),
    );
  }
}

const notInCombinations = ['type', 'additionalProperties', 'default', 'title', 'description', 'nullable'] as const;

/** Schemas below allOf, anyOf, oneOf and not only add checks to a structure that is declared outside of them. */
function walkCombined(props: JSONSchemaProps, path: string, outside: JSONSchemaProps, errors: FieldError[]): void {
  // anyOf integer/string is how int-or-string is written out.
  const intOrString = outside['x-kubernetes-int-or-string'] === true;
  for (const name of notInCombinations) {
    const value = props[name];
    if (value === undefined || value === '' || value === false || (name === 'type' && intOrString)) continue;
    errors.push(field.forbidden(`${path}.${name}`, 'must be empty to be structural'));
  }
  checkPattern(props, path, errors);
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const declared = outside.properties?.[name];
    if (declared === undefined && valuesOf(outside) === undefined) {
      errors.push(
        field.required(
          `${path.replace(/\.(allOf|anyOf|oneOf|not).*$/, '')}.properties[${name}]`,
          `because it is defined in ${path}.properties[${name}]`,
        ),
      );
    }
    walkCombined(property, `${path}.properties[${name}]`, declared ?? {}, errors);
  }
}
