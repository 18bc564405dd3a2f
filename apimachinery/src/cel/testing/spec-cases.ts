import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import {
  boolType,
  bytesType,
  CelList,
  CelObject,
  type CelValue,
  celTypeOf,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  stringType,
  timestampType,
  type Type,
  uintType,
} from '../index.ts';
import { CelUint, entriesOf, elementsOf, isList, isMap } from '../values.ts';

/** A case of the CEL specification's own data, as the package has it: protobuf messages in JSON. */
export interface SpecCase {
  /** `basic/self_eval_zeroish/self_eval_int_zero` */
  readonly path: string;
  readonly expr: string;
  readonly variables: Readonly<Record<string, Type>>;
  readonly bindings: Readonly<Record<string, unknown>>;
  /** Undefined: it must fail. */
  readonly expected: { readonly value: unknown } | undefined;
  readonly checkOnly: boolean;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: Record<string, never> & Original }[];
}

interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly value?: SpecValue;
  readonly evalError?: unknown;
  readonly typedResult?: { readonly result?: SpecValue };
  readonly typeEnv?: readonly { readonly name: string; readonly ident?: { readonly type: SpecType } }[];
  readonly bindings?: Readonly<Record<string, { readonly value?: SpecValue }>>;
  readonly checkOnly?: boolean;
}

type SpecValue = Readonly<Record<string, unknown>>;
type SpecType = Readonly<Record<string, unknown>>;

export function specCases(): SpecCase[] {
  return casesOf(conformance as unknown as Suite, []);
}

function casesOf({ suites = [], tests = [] }: Suite, path: readonly string[]): SpecCase[] {
  const own = tests.map(({ original }, index): SpecCase => {
    const { name, expr, typeEnv = [], bindings = {}, value, typedResult, evalError, checkOnly = false } = original;
    const expected =
      evalError === undefined ? { value: plain(value ?? typedResult?.result ?? { boolValue: true }) } : undefined;
    return {
      path: [...path, name ?? String(index)].join('/'),
      expr,
      variables: Object.fromEntries(typeEnv.map((each) => [each.name, typeOf(each.ident?.type ?? {})])),
      bindings: Object.fromEntries(Object.entries(bindings).map(([key, bound]) => [key, valueOf(bound.value ?? {})])),
      expected,
      checkOnly,
    };
  });
  return [...own, ...suites.flatMap((suite) => casesOf(suite, [...path, suite.name]))];
}

const primitives: Readonly<Record<string, Type>> = {
  BOOL: boolType,
  INT64: intType,
  UINT64: uintType,
  DOUBLE: doubleType,
  STRING: stringType,
  BYTES: bytesType,
};

function typeOf(type: SpecType): Type {
  const [[kind, detail] = ['dyn', {}]] = Object.entries(type) as [string, never][];
  const inner = detail as Record<string, SpecType>;
  switch (kind) {
    case 'primitive':
      return primitives[detail as string] ?? dynType;
    case 'wellKnown':
      return detail === 'TIMESTAMP' ? timestampType : detail === 'DURATION' ? durationType : dynType;
    case 'null':
      return nullType;
    case 'listType':
      return listOf(typeOf(inner['elemType'] ?? {}));
    case 'mapType':
      return mapOf(typeOf(inner['keyType'] ?? {}), typeOf(inner['valueType'] ?? {}));
    default:
      return dynType;
  }
}

/** A value of the data as an expression sees it. */
function valueOf(value: SpecValue): CelValue {
  const [[kind, held] = ['nullValue', null]] = Object.entries(value) as [string, unknown][];
  switch (kind) {
    case 'int64Value':
      return BigInt(held as string);
    case 'uint64Value':
      return new CelUint(BigInt(held as string));
    case 'doubleValue':
      return Number(held);
    case 'bytesValue':
      return new Uint8Array(Buffer.from(held as string, 'base64'));
    case 'listValue':
      return CelList.copy(((held as { values?: SpecValue[] }).values ?? []).map(valueOf));
    case 'mapValue':
      return new Map(
        ((held as { entries?: { key: SpecValue; value: SpecValue }[] }).entries ?? []).map((entry) => [
          valueOf(entry.key),
          valueOf(entry.value),
        ]),
      );
    default:
      return held as CelValue;
  }
}

/** A value of the data in a form that compares: each number says of what type it is. */
function plain(value: SpecValue): unknown {
  const [[kind, held] = ['nullValue', null]] = Object.entries(value) as [string, unknown][];
  if (kind === 'objectValue') return message(held as { '@type': string });
  if (kind === 'typeValue') return `type ${String(held)}`;
  return comparable(valueOf(value));
}

function message({ '@type': url, ...rest }: { '@type': string; value?: unknown }): unknown {
  const name = url.replace('type.googleapis.com/', '');
  if (name === 'google.protobuf.Duration')
    return `${name} ${String(rest.value)
      .replace(/(\.\d*?)0+s$/, '$1s')
      .replace('.s', 's')}`;
  return name === 'google.protobuf.Timestamp' ? `${name} ${String(rest.value).replace(/\.0+Z$/, 'Z')}` : name;
}

/** A value that an expression gave, in the same form. */
export function comparable(value: CelValue): unknown {
  if (typeof value === 'bigint') return `int ${value}`;
  if (value instanceof CelUint) return `uint ${value.value}`;
  if (typeof value === 'number') return Number.isNaN(value) ? 'double NaN' : `double ${value}`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (isList(value)) return elementsOf(value).map(comparable);
  if (value instanceof CelObject) {
    const name = celTypeOf(value);
    return name === 'type' ? `type ${(value as unknown as { name: string }).name}` : `${name} ${String(value)}`;
  }
  if (value === null || typeof value !== 'object') return value;
  if (!isMap(value)) return value;
  return entriesOf(value)
    .map(([key, held]) => [comparable(key), comparable(held)])
    .sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1));
}
