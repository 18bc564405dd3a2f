import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  escapeProperty,
  intType,
  listOf,
  mapOf,
  type ObjectField,
  objectType,
  stringType,
  timestampType,
  type Type,
} from '@coracle/apimachinery/cel';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { itemsOf, schemaOfValues } from './schema-props.ts';

/** What rules know of values of a schema: their type, and how large they can be (k8s.io/apiserver pkg/cel/common/schemas.go). */
export interface DeclaredType {
  readonly type: Type;
  readonly props: JSONSchemaProps;
  /** Characters, elements or entries at most; 0 for what has none. */
  readonly elementsMax: number;
  /** The fewest bytes that it needs as JSON. */
  readonly bytesMin: number;
  /** Of a list its elements, of a map its values. */
  readonly element?: DeclaredType;
  /** Of an object, by escaped name. */
  readonly fields?: ReadonlyMap<string, DeclaredField>;
}

export interface DeclaredField {
  readonly jsonName: string;
  readonly declared: DeclaredType;
}

/** The largest request body: nothing in it can be larger. */
export const requestBytesMax = 3 * 1024 * 1024;
const textMax = requestBytesMax - 2;
const bytesMin = { text: 2, bool: 4, number: 1, container: 2, duration: 3, date: 12, dateTime: 21 } as const;
const timeTextMax = { duration: 32, date: 12, 'date-time': 32 } as const;
const nameLengthMax = 253;

/** Undefined for a schema of which rules see nothing. `name` names the types of objects within it. */
export function declaredType(props: JSONSchemaProps, isRoot: boolean, name = 'selfType'): DeclaredType | undefined {
  if (props['x-kubernetes-int-or-string'] === true) {
    const { maxLength } = props;
    const elementsMax = maxLength === undefined ? textMax : Math.max(maxLength, 0) * 4;
    return { type: dynType, props, elementsMax, bytesMin: 1 };
  }
  const full = isRoot ? withNameAndType(props) : props;
  switch (full.type) {
    case 'array':
      return listType(full, name);
    case 'object':
      return mapOrObject(full, name);
    case 'string':
      return textType(full);
    case 'boolean':
      return { type: boolType, props, elementsMax: 0, bytesMin: bytesMin.bool };
    case 'number':
      return { type: doubleType, props, elementsMax: 0, bytesMin: bytesMin.number };
    case 'integer':
      return { type: intType, props, elementsMax: 0, bytesMin: bytesMin.number };
    default:
      return undefined;
  }
}

const isEmbedded = (props: JSONSchemaProps) => props['x-kubernetes-embedded-resource'] === true;

/** Of what a whole object is, rules see its type and name, whatever the schema says of them. */
function withNameAndType(props: JSONSchemaProps): JSONSchemaProps {
  const text: JSONSchemaProps = { type: 'string' };
  const { metadata } = props.properties ?? {};
  const capped = (field: string, limit: number): JSONSchemaProps => {
    const declared = metadata?.properties?.[field];
    return { type: 'string', maxLength: Math.min(declared?.maxLength ?? limit, limit) };
  };
  const names = { name: capped('name', nameLengthMax), generateName: capped('generateName', nameLengthMax - 1) };
  const meta: JSONSchemaProps = { type: 'object', properties: names };
  return { ...props, properties: { ...props.properties, kind: text, apiVersion: text, metadata: meta } };
}

function listType(props: JSONSchemaProps, name: string): DeclaredType | undefined {
  const items = itemsOf(props);
  const element = items && declaredType(items, isEmbedded(items), `${name}.@idx`);
  if (element === undefined) return undefined;
  const elementsMax =
    props.maxItems === undefined
      ? Math.floor((requestBytesMax - 2) / (element.bytesMin + 1))
      : Math.max(props.maxItems, 0);
  return { type: listOf(element.type), props, elementsMax, bytesMin: bytesMin.container, element };
}

function mapOrObject(props: JSONSchemaProps, name: string): DeclaredType | undefined {
  const values = schemaOfValues(props);
  if (values === undefined) return fieldsType(props, name);
  const element = declaredType(values, isEmbedded(values), `${name}.@prop`);
  if (element === undefined) return undefined;
  const elementsMax =
    props.maxProperties === undefined
      ? Math.floor((requestBytesMax - 2) / (element.bytesMin + 6))
      : Math.max(props.maxProperties, 0);
  return { type: mapOf(stringType, element.type), props, elementsMax, bytesMin: bytesMin.container, element };
}

function fieldsType(props: JSONSchemaProps, name: string): DeclaredType {
  const fields = new Map<string, DeclaredField>();
  const types = new Map<string, ObjectField>();
  let size: number = bytesMin.container;
  for (const [jsonName, child] of Object.entries(props.properties ?? {})) {
    const escaped = escapeProperty(jsonName);
    const declared = declaredType(child, isEmbedded(child), `${name}.${escaped}`);
    if (declared === undefined) continue;
    if (escaped !== undefined) {
      fields.set(escaped, { jsonName, declared });
      types.set(escaped, { jsonName, type: declared.type });
    }
    const isRequired = props.required?.includes(jsonName) === true && child.default === undefined;
    if (isRequired) size += new TextEncoder().encode(jsonName).length + declared.bytesMin + 4;
  }
  return { type: objectType(name, types), props, elementsMax: 0, bytesMin: size, fields };
}

function textType(props: JSONSchemaProps): DeclaredType {
  const { format, maxLength, enum: allowed = [] } = props;
  switch (format) {
    case 'byte': {
      const elementsMax = maxLength === undefined ? textMax : Math.max(maxLength, 0);
      return { type: bytesType, props, elementsMax, bytesMin: bytesMin.text };
    }
    case 'duration':
      return { type: durationType, props, elementsMax: timeTextMax.duration, bytesMin: bytesMin.duration };
    case 'date':
      return { type: timestampType, props, elementsMax: timeTextMax.date, bytesMin: bytesMin.date };
    case 'date-time':
      return { type: timestampType, props, elementsMax: timeTextMax['date-time'], bytesMin: bytesMin.dateTime };
    default:
      break;
  }
  const longest = Math.max(0, ...allowed.map((each) => (typeof each === 'string' ? Buffer.byteLength(each) : 0)));
  const unlimited = allowed.length > 0 ? longest : textMax;
  const elementsMax = maxLength === undefined ? unlimited : Math.max(maxLength, 0) * 4;
  return { type: stringType, props, elementsMax, bytesMin: bytesMin.text };
}
