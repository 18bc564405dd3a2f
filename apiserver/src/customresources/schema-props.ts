import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';

/** `items` as structural schemas have it: one schema for every item. */
export function itemsOf(props: JSONSchemaProps): JSONSchemaProps | undefined {
  const { items } = props;
  return typeof items === 'object' && items !== null && !Array.isArray(items) ? (items as JSONSchemaProps) : undefined;
}

/** `additionalProperties`: a schema, or `true` for values of any kind (an empty schema). */
export function valuesOf(props: JSONSchemaProps): JSONSchemaProps | undefined {
  const { additionalProperties } = props;
  if (additionalProperties === true) return {};
  if (typeof additionalProperties === 'object' && additionalProperties !== null) {
    return additionalProperties as JSONSchemaProps;
  }
  return undefined;
}

/** The schema of the values of a map; undefined where they are anything. */
export function schemaOfValues(props: JSONSchemaProps): JSONSchemaProps | undefined {
  return props.additionalProperties === true ? undefined : valuesOf(props);
}
