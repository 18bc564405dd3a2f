/**
 * Types of expressions as cel-go's checker has them: `dyn` goes with everything, a parameter stands for what unification
 * finds, an object is a type with named fields.
 */
export interface Type {
  readonly kind: TypeKind;
  readonly name: string;
  /** Element of a list, key and value of a map, what an optional or a type holds. */
  readonly params: readonly Type[];
  /** Of objects whose fields are known. */
  readonly fields?: ReadonlyMap<string, ObjectField>;
}

export type TypeKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'object'
  | 'opaque'
  | 'type'
  | 'param';

export interface ObjectField {
  readonly type: Type;
  /** The name in JSON; an expression says it escaped (`__dot__`) where it is no identifier. */
  readonly jsonName: string;
}

const simple = (kind: TypeKind, name: string = kind): Type => ({ kind, name, params: [] });

export const dynType = simple('dyn');
/** A protobuf message of any type, which checks as `dyn` does. */
export const anyType = simple('dyn', 'any');
export const errorType = simple('error', '!error!');
export const nullType = simple('null', 'null_type');
export const boolType = simple('bool');
export const intType = simple('int');
export const uintType = simple('uint');
export const doubleType = simple('double');
export const stringType = simple('string');
export const bytesType = simple('bytes');
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp');
export const durationType = simple('duration', 'google.protobuf.Duration');

export const listOf = (element: Type): Type => ({ kind: 'list', name: 'list', params: [element] });
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', params: [key, value] });
export const typeOf = (type: Type): Type => ({ kind: 'type', name: 'type', params: [type] });
export const optionalOf = (type: Type): Type => ({ kind: 'opaque', name: 'optional_type', params: [type] });
export const paramType = (name: string): Type => ({ kind: 'param', name, params: [] });
export const opaqueType = (name: string, params: readonly Type[] = []): Type => ({ kind: 'opaque', name, params });

/** A type with named fields; the name is what messages say. */
export function objectType(name: string, fields: ReadonlyMap<string, ObjectField>): Type {
  return { kind: 'object', name, params: [], fields };
}

/** An object type whose fields are called in JSON as they are in expressions. */
export function recordType(name: string, types: Readonly<Record<string, Type>>): Type {
  const fields = Object.entries(types).map(([key, type]): [string, ObjectField] => [key, { jsonName: key, type }]);
  return objectType(name, new Map(fields));
}

/** Fields that are strings, for `recordType`. */
export const stringFields = (...names: string[]): Record<string, Type> =>
  Object.fromEntries(names.map((name) => [name, stringType]));

const byText = new Map<string, Type>(
  [boolType, intType, uintType, doubleType, stringType, bytesType, dynType].map((type) => [type.name, type]),
);
byText.set('null', nullType).set('timestamp', timestampType).set('duration', durationType);

/** `map(string, list(A))`: a type as cel-go prints it. Single capital letters are parameters. */
export function parseType(text: string): Type {
  const known = byText.get(text);
  if (known !== undefined) return known;
  const open = text.indexOf('(');
  const type = open < 0 ? named(text, []) : named(text.slice(0, open), splitParams(text.slice(open + 1, -1)));
  byText.set(text, type);
  return type;
}

function named(name: string, params: readonly string[]): Type {
  const types = params.map(parseType);
  if (name === 'list') return { kind: 'list', name, params: types };
  if (name === 'map') return { kind: 'map', name, params: types };
  if (name === 'type') return { kind: 'type', name, params: types };
  if (/^[A-Z]$/.test(name)) return paramType(name);
  return opaqueType(name, types);
}

function splitParams(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, text.slice(start).trim()];
}

/** As messages of cel-go show a type. */
export function formatType(type: Type): string {
  if (type.kind === 'null' || type.kind === 'timestamp' || type.kind === 'duration') return type.kind;
  if (type.params.length === 0) return type.name;
  return `${type.name}(${type.params.map(formatType).join(', ')})`;
}

/** As cel-go prints a type outside of messages of its checker. */
export function typeText(type: Type): string {
  if (type === anyType) return 'google.protobuf.Any';
  return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(typeText).join(', ')})`;
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((param, index) => sameType(param, b.params[index] as Type));
}

export const isOptional = (type: Type): boolean => type.kind === 'opaque' && type.name === 'optional_type';
export const isDynOrError = (type: Type): boolean => type.kind === 'dyn' || type.kind === 'error';

/** What an optional holds, or the type itself. */
export const withoutOptional = (type: Type): Type => (isOptional(type) ? (type.params[0] as Type) : type);
