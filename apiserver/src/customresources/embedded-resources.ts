import { type FieldError, field } from '@coracle/apimachinery/errors';
import { isObject } from '@coracle/apimachinery/json';
import type { ObjectMeta } from '@coracle/apimachinery/meta';
import { groupVersionProblem } from '@coracle/apimachinery/schema';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { kindName, nameIsPathSegment, validateObjectMeta } from '@coracle/apimachinery/validation';
import { itemsOf, valuesOf } from './schema-props.ts';

/** Judges the objects that a custom resource holds. */
export interface EmbeddedValidator {
  /**
   * What is wrong with those in a value (`x-kubernetes-embedded-resource`): they say what they are, and their metadata is that
   * of any object (apiextensions pkg/apiserver/schema/objectmeta).
   */
  validate(value: unknown): FieldError[];
}

/** A place in the schema at or below which there are objects. */
interface Place {
  readonly isObject: boolean;
  /** By name, those without objects too: what is a property is not one of `values`. */
  readonly properties: ReadonlyMap<string, Place | undefined>;
  readonly values: Place | undefined;
  readonly items: Place | undefined;
}

/** Undefined for a schema without embedded objects. */
export function compileEmbedded(props: JSONSchemaProps | undefined): EmbeddedValidator | undefined {
  const root = placeOf(props);
  return root && { validate: (value) => validateAt(root, value, '') };
}

function placeOf(props: JSONSchemaProps | undefined): Place | undefined {
  if (props === undefined) return undefined;
  const isObject = props['x-kubernetes-embedded-resource'] === true;
  const properties = new Map(Object.entries(props.properties ?? {}).map(([name, child]) => [name, placeOf(child)]));
  const [values, items] = [placeOf(valuesOf(props)), placeOf(itemsOf(props))];
  const isEmpty = !isObject && [...properties.values(), values, items].every((place) => place === undefined);
  return isEmpty ? undefined : { isObject, properties, values, items };
}

function validateAt(place: Place | undefined, value: unknown, path: string): FieldError[] {
  if (place === undefined) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => validateAt(place.items, item, `${path}[${index}]`));
  }
  if (!isObject(value)) return [];
  const inner = Object.entries(value).flatMap(([name, child]) => {
    if (!place.properties.has(name)) return validateAt(place.values, child, `${path}[${name}]`);
    return validateAt(place.properties.get(name), child, path === '' ? name : `${path}.${name}`);
  });
  return [...(place.isObject ? validateObject(value, path) : []), ...inner];
}

function validateObject(object: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const { metadata } = object;
  return [
    ...validateText(object['apiVersion'], `${path}.apiVersion`, groupVersionProblem),
    ...validateText(object['kind'], `${path}.kind`, (text) => kindName(text)[0]),
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
