import type { ObjectSchema, ScalarSchema, Schema } from '@coracle/apimachinery/schema';
import type { Choices } from './random.ts';

/** Values of each scalar type that are well formed at least somewhere. */
const goodScalars: Readonly<Record<string, readonly unknown[]>> = {
  string: ['abc', 'x', 'a-b', 'example.com', 'example.com/x', '/x', 'Always', '10.1.2.3', 'Never', 'None'],
  boolean: [true, false],
  int32: [1, 2, 10, 100, 8080],
  int64: [1, 2, 10, 1000],
  double: [0.5, 1],
  bytes: ['YQ==', ''],
  quantity: ['1', '100m', '1Gi', '2'],
  'int-or-string': [1, '50%', 'http', 8080],
  time: ['2020-01-02T03:04:05Z'],
  'micro-time': ['2020-01-02T03:04:05.123456Z'],
  duration: ['1h', '10s'],
};

const longText = 'x'.repeat(260);

/** Values that some rule may refuse: of the wrong form, out of range, of another type. */
const badScalars: Readonly<Record<string, readonly unknown[]>> = {
  string: [
    ...[
      '',
      'Bogus',
      'UPPER_case!',
      '-x',
      'a b',
      'a..b',
      '*',
      'x/y/z',
      '../x',
      '%',
      'kubernetes.io/x',
      'é',
      '10.0.0.1',
      '01.2.3.4',
    ],
    ...['::1', '1', 'x'.repeat(64), longText, 5, true, null, {}, []],
  ],
  boolean: ['true', 1, null, {}],
  int32: [-1, 0, 1, 65_536, 2_147_483_647, 2_147_483_648, 1.5, '5', null, true],
  int64: [-1, 0, 1, 101, 9_007_199_254_740_991, 10_000_000_000_000_000_000, 1.5, '5', null, []],
  double: [-1, 0, 0.3, 'x', null],
  bytes: ['!!!', 'YQ', 'YQ==', 5, null],
  quantity: ['-1', '1x', '', '0', '1.5', '1e3', '0.5', '100m', '1000Ei', 5, null, {}, true],
  'int-or-string': [-1, 0, '50%', '150%', 'abc', '', 70_000, '-5%', '5', 1.5, null, true],
  time: ['yesterday', '2020-13-01T00:00:00Z', '2020-01-01', '2021-01-01T00:00:00+02:00', '', 5, null],
  'micro-time': ['yesterday', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00.5Z', '', null],
  duration: ['1h', 'x', '', '-1s', 5, null],
};

const depthMax = 6;

/** A plausible value of a schema: required fields and a few others. */
export function sample(schema: Schema, choices: Choices, depth = 0): unknown {
  switch (schema.type) {
    case 'scalar':
      return choices.of(schema.enum ?? goodScalars[schema.scalar] ?? ['x']);
    case 'any':
      return choices.of([{ a: 1 }, { apiVersion: 'v1', kind: 'X' }, {}]);
    case 'map':
      return depth > depthMax
        ? {}
        : { [choices.of(['a', 'b', 'example.com/c', 'cpu'])]: sample(schema.values, choices, depth + 1) };
    case 'list':
      return depth > depthMax
        ? []
        : Array.from({ length: choices.below(2) + 1 }, () => sample(schema.items, choices, depth + 1));
    case 'object':
      return sampleObject(schema, choices, depth);
  }
}

function sampleObject(schema: ObjectSchema, choices: Choices, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  if (depth > depthMax) return object;
  const optional = 1.5 / Math.max(2, schema.fields.size);
  for (const { name, schema: inner, required } of schema.fields.values()) {
    if (required === true ? choices.chance(0.95) : choices.chance(optional))
      object[name] = sample(inner, choices, depth + 1);
  }
  return object;
}

/** A value to put in the place of `value`, which may well be refused. */
export function badValue(schema: Schema, value: unknown, choices: Choices): unknown {
  switch (schema.type) {
    case 'scalar':
      return badScalar(schema, choices);
    case 'any':
      return choices.of([null, {}, [], 'x', 5, { a: null }]);
    case 'map':
      return badMap(value, sample(schema.values, choices), choices);
    case 'list':
      return badList(Array.isArray(value) ? value : [], sample(schema.items, choices), choices);
    case 'object':
      return badObject(value, choices);
  }
}

function badScalar(schema: ScalarSchema, choices: Choices): unknown {
  return choices.of([...(badScalars[schema.scalar] ?? [null]), ...(schema.enum ?? [])]);
}

function badMap(value: unknown, item: unknown, choices: Choices): unknown {
  const kept = typeof value === 'object' && value !== null ? value : {};
  const key = choices.of([
    'Bad Key!',
    '',
    'x'.repeat(64),
    'a/b/c',
    'kubernetes.io/x',
    'example.com/',
    '-a',
    'fine',
    'UPPER',
    'memory',
  ]);
  return choices.weighted<unknown>([
    [6, { ...kept, [key]: item }],
    [1, { ...kept, a: null }],
    [1, {}],
    [1, null],
    [1, choices.of(['x', [], 5])],
  ]);
}

function badList(value: readonly unknown[], item: unknown, choices: Choices): unknown {
  return choices.weighted<unknown>([
    [3, [...value, ...value.slice(0, 1)]],
    [4, [...value, item]],
    [2, []],
    [1, null],
    [1, [null]],
    [1, value.toReversed()],
    [1, value.slice(1)],
    [1, choices.of(['x', {}, 5, [[]]])],
  ]);
}

function badObject(value: unknown, choices: Choices): unknown {
  const kept = typeof value === 'object' && value !== null ? value : {};
  return choices.weighted<unknown>([
    [3, { ...kept, unheardOf: 'x' }],
    [2, {}],
    [1, null],
    [1, choices.of(['x', [], 5, true])],
  ]);
}
