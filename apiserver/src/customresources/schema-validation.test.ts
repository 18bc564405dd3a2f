import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { expect } from 'chai';
import { validateDefaults } from './default-validation.ts';
import { validateDeclarations, validateStructure } from './schema-validation.ts';

const object = (properties: Record<string, JSONSchemaProps>): JSONSchemaProps => ({ type: 'object', properties });

/** Each case: a schema, and what is wrong with it in upstream's words and order. */
type Case = [sentence: string, schema: JSONSchemaProps, expected: string[]];

function judges(cases: readonly Case[], judge: (schema: JSONSchemaProps) => readonly string[]): void {
  for (const [sentence, schema, expected] of cases) {
    it(sentence, () => expect(judge(schema)).to.deep.equal(expected));
  }
}

describe('the structure of a schema', () => {
  judges(
    [
      ['has a type everywhere', object({ a: { type: 'string' } }), []],
      [
        'is told of in the order of the texts',
        object({ b: {}, a: { type: 'array' } }),
        [
          's.properties[a].items: Required value: must be specified',
          's.properties[b].type: Required value: must not be empty for specified object fields',
        ],
      ],
      [
        'embeds objects only',
        object({ a: { type: 'string', 'x-kubernetes-embedded-resource': true } }),
        ['s.properties[a].type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true'],
      ],
    ],
    (schema) => validateStructure(schema, 's').map(fieldErrorText),
  );
});

describe('the declarations of a schema', () => {
  judges(
    [
      [
        'call an object what has a type of map, after the type itself',
        object({ a: { type: 'abc', 'x-kubernetes-map-type': 'atomic' } }),
        [
          's.properties[a].type: Unsupported value: "abc": supported values: "array", "boolean", "integer", "number", "object", "string"',
          's.properties[a].type: Invalid value: "abc": must be object if x-kubernetes-map-type is specified',
        ],
      ],
      [
        'are told from the inside out',
        { ...object({ a: { type: 'integer', uniqueItems: true } }), 'x-kubernetes-list-map-keys': ['k'] },
        [
          's.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          's.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty',
        ],
      ],
    ],
    (schema) => validateDeclarations(schema, 's').map(fieldErrorText),
  );
});

describe('the defaults of a schema', () => {
  judges(
    [
      ['keep its rules', object({ a: { type: 'integer', maximum: 5, default: 3 } }), []],
      [
        'are among its values',
        object({ a: { type: 'string', enum: ['Slow'], default: 'Fast' } }),
        ['s.properties[a].default: Unsupported value: "Fast": supported values: "Slow"'],
      ],
      [
        'have nothing that is not declared',
        object({ a: { ...object({ b: { type: 'string' } }), default: { b: 'x', c: 1 } } }),
        ['s.properties[a].default: Invalid value: {"b":"x","c":1}: must not have unknown fields'],
      ],
    ],
    (schema) => validateDefaults(schema, 's').map(fieldErrorText),
  );
});
