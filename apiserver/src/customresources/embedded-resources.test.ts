import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { expect } from 'chai';
import { compileEmbedded } from './embedded-resources.ts';

const embedded: JSONSchemaProps = { type: 'object', 'x-kubernetes-embedded-resource': true };
const schema: JSONSchemaProps = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { parts: { type: 'array', items: embedded } } } },
};
const good = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };

/** Each case: an object inside a custom resource, and what is wrong with it in upstream's words. */
const cases: [sentence: string, object: object, expected: string[]][] = [
  ['needs no name', good, []],
  ['says what it is', {}, ['x.apiVersion: Required value', 'x.kind: Required value']],
  [
    'in a group and a version',
    { ...good, apiVersion: 'a/b/c' },
    ['x.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  ],
  [
    'has the metadata of any object',
    { ...good, metadata: { namespace: 'a.b' } },
    ['x.metadata.namespace: Invalid value: "a.b": must not contain dots'],
  ],
];

describe('an object inside a custom resource', () => {
  for (const [sentence, object, expected] of cases) {
    it(sentence, () => {
      const found = compileEmbedded(schema)?.validate({ spec: { parts: [object] } });
      expect(found?.map(fieldErrorText)).to.deep.equal(expected.map((text) => text.replace(/^x/, 'spec.parts[0]')));
    });
  }

  it('is not looked for where the schema has none', () => {
    expect(compileEmbedded({ type: 'object', properties: { spec: { type: 'object' } } })).to.equal(undefined);
  });
});
