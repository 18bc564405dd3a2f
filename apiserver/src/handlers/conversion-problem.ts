import { jsonType, type Mismatch } from '@coracle/apimachinery/structural';

const goScalarKinds: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
};

/** What Go says of a value that it cannot convert (apimachinery/pkg/runtime/converter.go); `otherwise` is what a decoder says. */
export function conversionProblem({ value, schema, wanted }: Mismatch, otherwise: string): string {
  const kind = goKind(value);
  if (schema.type === 'map') return `cannot restore map from ${kind}`;
  if (schema.type === 'list') return `cannot restore slice from ${kind}`;
  if (schema.type === 'object') return `cannot restore struct from: ${kind}`;
  if (schema.type !== 'scalar') return otherwise;
  const scalar = goScalarKinds[schema.scalar];
  if (scalar !== undefined) {
    const isConvertible = kind === 'int64' ? scalar === 'string' : kind === 'float64' && scalar.startsWith('int');
    return isConvertible ? `cannot convert ${kind} to ${wanted}` : `unrecognized type: ${scalar}`;
  }
  if (schema.scalar === 'bytes') {
    return typeof value === 'string' ? `error decoding from json: ${otherwise}` : `cannot restore slice from ${kind}`;
  }
  if (schema.scalar === 'int-or-string') {
    const found = typeof value === 'number' ? `number ${value}` : jsonType(value);
    return `json: cannot unmarshal ${found} into Go value of type int32`;
  }
  return typeof value === 'string' || schema.scalar === 'quantity'
    ? otherwise
    : `json: cannot unmarshal ${jsonType(value)} into Go value of type string`;
}

/** How Go holds a value of a patch. */
function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'int64' : 'float64';
  return typeof value === 'object' ? 'map' : typeof value === 'boolean' ? 'bool' : 'string';
}
