import type { GroupVersionKind, ObjectSchema, Schema } from '@coracle/apimachinery/schema';

/** What can be asked at a path, version-neutral: `print-v2.ts` and `print-v3.ts` print it in their own grammar. */
export interface PathItem {
  readonly path: string;
  /** Parameters of every operation of the path. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: Method;
  readonly operationId: string;
  readonly tag: string;
  readonly description?: string;
  readonly action?: string;
  readonly kind?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly definition: string; readonly required: boolean };
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  /** A definition's name, or `string` for plain text. */
  readonly response: string;
  readonly codes: readonly number[];
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: ParameterType;
  readonly description?: string;
}

type ParameterType = 'string' | 'integer' | 'boolean';

/** Parameters that all operations of a path have stand with the path; the rest stays with each (kube-openapi `builder`). */
export function pathItem(path: string, operations: readonly Operation[]): PathItem {
  const key = (parameter: Parameter) => `${parameter.in} ${parameter.name}`;
  const [first, ...others] = operations;
  const common = new Map((first?.parameters ?? []).map((parameter) => [key(parameter), parameter]));
  for (const { parameters } of others) {
    const has = new Set(parameters.map(key));
    for (const each of [...common.keys()]) if (!has.has(each)) common.delete(each);
  }
  return {
    path,
    parameters: [...common.values()].sort(byName),
    operations: operations.map((operation) => ({
      ...operation,
      parameters: operation.parameters.filter((parameter) => !common.has(key(parameter))).sort(byName),
    })),
  };
}

function byName(a: Parameter, b: Parameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.in < b.in ? -1 : 1;
}

/** The query parameters that stand for an options kind: its plain fields, lists of them one value at a time. */
export function queryParameters(options: ObjectSchema, except: readonly string[] = []): Parameter[] {
  const parameters: Parameter[] = [];
  for (const { name, schema } of options.fields.values()) {
    const type = typeOf(schema);
    if (type === undefined || name === 'kind' || name === 'apiVersion' || except.includes(name)) continue;
    parameters.push({ name, in: 'query', type });
  }
  return parameters;
}

function typeOf(schema: Schema): ParameterType | undefined {
  if (schema.type === 'list') return typeOf(schema.items);
  if (schema.type !== 'scalar') return undefined;
  if (schema.scalar === 'string' || schema.scalar === 'boolean') return schema.scalar;
  return schema.scalar === 'int32' || schema.scalar === 'int64' ? 'integer' : undefined;
}
