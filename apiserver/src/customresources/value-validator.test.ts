import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { expect } from 'chai';
import { compileValidator } from './value-validator.ts';

const object = (properties: Record<string, JSONSchemaProps>, more: JSONSchemaProps = {}): JSONSchemaProps => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});

/** What upstream's API server 1.37 answers for the same schema and value. */
const table: readonly (readonly [
  title: string,
  schema: JSONSchemaProps,
  spec: unknown,
  messages: readonly string[],
])[] = [
  [
    'a wrong type',
    object({ replicas: { type: 'integer' } }),
    { replicas: 'many' },
    ['spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"'],
  ],
  [
    'a pattern that is none',
    object({ name: { type: 'string', pattern: '(' } }),
    { name: 'a' },
    [
      'spec.name: Invalid value: "a": spec.name in body should match \'(, but pattern is invalid: error parsing regexp: missing closing ): `(`\'',
    ],
  ],
  ['a missing field', object({}, { required: ['image'] }), {}, ['spec.image: Required value']],
  [
    'a value outside its enum',
    object({ mode: { type: 'string', enum: ['a', 'b'] } }),
    { mode: 'c' },
    ['spec.mode: Unsupported value: "c": supported values: "a", "b"'],
  ],
  [
    'numbers beyond their limits',
    object({ low: { type: 'integer', minimum: 1 }, high: { type: 'number', maximum: 2, exclusiveMaximum: true } }),
    { low: 0, high: 2 },
    [
      'spec.low: Invalid value: 0: spec.low in body should be greater than or equal to 1',
      'spec.high: Invalid value: 2: spec.high in body should be less than 2',
    ],
  ],
  [
    'strings',
    object({ name: { type: 'string', pattern: '^[a-z]+$', maxLength: 3 } }),
    { name: 'ABCD' },
    [
      'spec.name: Too long: may not be more than 3 bytes',
      `spec.name: Invalid value: "ABCD": spec.name in body should match '^[a-z]+$'`,
    ],
  ],
  [
    'a list map with a key twice',
    object({
      ports: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['port'],
        items: { type: 'object', properties: { port: { type: 'integer' } } },
      },
    }),
    { ports: [{ port: 1 }, { port: 1 }] },
    ['spec.ports[1]: Duplicate value: {"port":1}'],
  ],
  [
    'null where it is not allowed',
    object({ a: { type: 'string' }, b: { type: 'string', nullable: true } }),
    { a: null, b: null },
    ['spec.a: Invalid value: "null": spec.a in body must be of type string: "null"'],
  ],
  ['int or string', object({ port: { 'x-kubernetes-int-or-string': true } }), { port: '80%' }, []],
  [
    'a number where a text of a format should be',
    object({ since: { type: 'string', format: 'date-time' } }),
    { since: 8080 },
    ['spec.since: Invalid value: "int64": spec.since in body must be of type date-time: "int64"'],
  ],
  [
    'a wrong type that is none of the values either',
    object({ mode: { type: 'string', enum: ['a'] } }),
    { mode: 5 },
    [
      'spec.mode: Invalid value: "integer": spec.mode in body must be of type string: "integer"',
      'spec.mode: Unsupported value: 5: supported values: "a"',
    ],
  ],
  [
    'none of anyOf',
    object({}, { anyOf: [{ required: ['a'] }, { required: ['b'] }] }),
    {},
    ['<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)', 'spec.a: Required value'],
  ],
];

describe('values of custom resources', () => {
  for (const [title, schema, spec, messages] of table) {
    it(title, () => {
      const errors = compileValidator(schema).validate({ spec }, '');
      expect(errors.map(fieldErrorText)).to.deep.equal(messages);
    });
  }

  it('does not hold against an object what it does not change', () => {
    const schema = object({ mode: { type: 'string', enum: ['new'] }, other: { type: 'string' } });
    const validator = compileValidator(schema);
    const old = { spec: { mode: 'old' } };
    expect(validator.validate({ spec: { mode: 'old', other: 'x' } }, '', old)).to.deep.equal([]);
    expect(validator.validate({ spec: { mode: 'older' } }, '', old)).to.have.length(1);
  });
});
