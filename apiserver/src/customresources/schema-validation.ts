import { type FieldError, field, fieldErrorText } from '@coracle/apimachinery/errors';
import { compareText } from '@coracle/apimachinery/json';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { compilePattern } from '../patterns/index.ts';
import { itemsOf, schemaOfValues, valuesOf } from './schema-props.ts';

/**
 * Whether a schema is structural: every value has a type, and what combines schemas adds nothing that the structure does
 * not have (KEP-1178, apiextensions `schema/validation.go`). Paths are printed as upstream does, `properties[spec].type`.
 */
export function validateStructure(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  walkStructure(schema, path, 'root', errors);
  const texts = new Map(errors.map((error) => [error, fieldErrorText(error)]));
  return errors.sort((a, b) => compareText(texts.get(a) ?? '', texts.get(b) ?? ''));
}

/** What a definition may say in a schema besides its structure, and how it must (apiextensions `validation.go`). */
export function validateDeclarations(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  walkDeclarations(schema, path, errors);
  return errors;
}

/** What holds for the root alone. */
export function validateRoot({ type, nullable }: JSONSchemaProps, path: string, hasStatus: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (hasStatus && type && type !== 'object') {
    const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    errors.push(field.invalid(`${path}.type`, type, text));
  }
  if (nullable === true) errors.push(field.forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  return errors;
}

type Place = 'root' | 'field' | 'item';

const placeNames: Readonly<Record<Place, string>> = {
  root: 'at the root',
  field: 'for specified object fields',
  item: 'for specified array items',
};
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const combinators = ['allOf', 'anyOf', 'oneOf'] as const;

function walkStructure(props: JSONSchemaProps, path: string, place: Place, errors: FieldError[]): void {
  const items = itemsOf(props);
  if (items !== undefined) walkStructure(items, `${path}.items`, 'item', errors);
  else if (props.type === 'array') errors.push(field.required(`${path}.items`, 'must be specified'));
  for (const [name, property] of Object.entries(props.properties ?? {}))
    walkStructure(property, `${path}.properties[${name}]`, 'field', errors);
  const values = schemaOfValues(props);
  if (values !== undefined) walkStructure(values, `${path}.additionalProperties`, 'field', errors);
  checkPattern(props, path, errors);
  checkType(props, path, place, errors);
  for (const key of combinators) {
    for (const [index, part] of (props[key] ?? []).entries())
      walkCombined(part, `${path}.${key}[${index}]`, props, errors);
  }
  if (props.not !== undefined) walkCombined(props.not, `${path}.not`, props, errors);
}

function checkType(props: JSONSchemaProps, path: string, place: Place, errors: FieldError[]): void {
  const { type = '' } = props;
  const at = `${path}.type`;
  const isTypeless =
    props['x-kubernetes-int-or-string'] === true || props['x-kubernetes-preserve-unknown-fields'] === true;
  if (props['x-kubernetes-embedded-resource'] === true && type !== 'object')
    errors.push(wrongType(at, type, 'must be object if x-kubernetes-embedded-resource is true'));
  else if (type === '' && (place === 'root' || !isTypeless))
    errors.push(field.required(at, `must not be empty ${placeNames[place]}`));
  if (place === 'root' && type !== '' && type !== 'object')
    errors.push(field.invalid(at, type, 'must be object at the root'));
}

/** Required where there is none, invalid otherwise. */
function wrongType(path: string, type: string | undefined, text: string): FieldError {
  return type ? field.invalid(path, type, text) : field.required(path, text);
}

function walkDeclarations(props: JSONSchemaProps, path: string, errors: FieldError[]): void {
  checkForbidden(props, path, errors);
  const values = schemaOfValues(props);
  if (values !== undefined) {
    if (Object.keys(props.properties ?? {}).length > 0) {
      const text = 'additionalProperties and properties are mutual exclusive';
      errors.push(field.forbidden(`${path}.additionalProperties`, text));
    }
    walkDeclarations(values, `${path}.additionalProperties`, errors);
  }
  for (const [name, property] of Object.entries(props.properties ?? {}))
    walkDeclarations(property, `${path}.properties[${name}]`, errors);
  if (props.not !== undefined) walkDeclarations(props.not, `${path}.not`, errors);
  for (const key of combinators) {
    for (const [index, part] of (props[key] ?? []).entries())
      walkDeclarations(part, `${path}.${key}[${index}]`, errors);
  }
  const items = itemsOf(props);
  if (items !== undefined) walkDeclarations(items, `${path}.items`, errors);
  checkExtensions(props, path, errors);
}

const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function checkForbidden(props: JSONSchemaProps, path: string, errors: FieldError[]): void {
  if (props.type && !types.includes(props.type)) errors.push(field.notSupported(`${path}.type`, props.type, types));
  for (const name of unsupported) {
    if (props[name] !== undefined) errors.push(field.forbidden(`${path}.${name}`, `${name} is not supported`));
  }
  if (Array.isArray(props.items))
    errors.push(field.forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  if (props.uniqueItems === true) {
    errors.push(
      field.forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
}

function checkExtensions(props: JSONSchemaProps, path: string, errors: FieldError[]): void {
  const listType = props['x-kubernetes-list-type'];
  const mapType = props['x-kubernetes-map-type'];
  const keys = props['x-kubernetes-list-map-keys'];
  if (props['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(field.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (mapType !== undefined && props.type !== 'object')
    errors.push(wrongType(`${path}.type`, props.type, 'must be object if x-kubernetes-map-type is specified'));
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(field.notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined && props.type !== 'array')
    errors.push(wrongType(`${path}.type`, props.type, 'must be array if x-kubernetes-list-type is specified'));
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(field.notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
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
