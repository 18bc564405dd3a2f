import type { Field, ObjectSchema, ScalarType } from '../schema/schema.ts';

/** A field of a Go struct that is there even when nobody set it, and what it is then. */
export interface ZeroField {
  readonly name: string;
  readonly field: Field;
  readonly zero: unknown;
}

const zeroFieldsOf = new WeakMap<ObjectSchema, readonly ZeroField[]>();
const none: readonly ZeroField[] = [];

/**
 * Upstream compares Go structs, where a nested struct, or a field without `omitempty`, exists in every object. That is why
 * a new Pod's manager owns `f:resources` of each container but not `f:spec`. Custom resources have no such fields.
 */
export function zeroFields(schema: ObjectSchema): readonly ZeroField[] {
  if (schema.builtin !== true) return none;
  let fields = zeroFieldsOf.get(schema);
  if (fields === undefined) {
    fields = [...schema.fields.values()].flatMap((field) => {
      const zero = zeroOf(field);
      return zero === undefined ? [] : [{ name: field.name, field, zero }];
    });
    zeroFieldsOf.set(schema, fields);
  }
  return fields;
}

const emptyObject = Object.freeze({});

function zeroOf(field: Field): unknown {
  if (field.omitZero === true) return undefined;
  const { schema } = field;
  if (field.pointer === true || schema.type === 'list' || schema.type === 'map' || schema.type === 'any') {
    return field.omitEmpty === true ? undefined : null;
  }
  if (schema.type === 'object') return emptyObject;
  return zeroScalar(schema.scalar, field.omitEmpty === true);
}

function zeroScalar(scalar: ScalarType, omitEmpty: boolean): unknown {
  switch (scalar) {
    case 'time':
    case 'micro-time':
      return null;
    case 'int-or-string':
      return 0;
    case 'quantity':
      return '0';
    case 'duration':
      return '0s';
    case 'bytes':
      return omitEmpty ? undefined : null;
  }
  if (omitEmpty) return undefined;
  return scalar === 'string' ? '' : scalar === 'boolean' ? false : 0;
}

/** What a field is in an object that does not mention it; undefined for absent. */
export function zeroOfField(schema: ObjectSchema, name: string): unknown {
  if (schema.builtin !== true) return undefined;
  const field = schema.fields.get(name);
  return field === undefined ? undefined : zeroOf(field);
}
