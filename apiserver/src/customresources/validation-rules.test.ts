import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { JSONSchemaProps } from '@coracle/apimachinery/types/apiextensions-v1';
import { expect } from 'chai';
import { checkRules } from './check-rules.ts';
import { compileRules } from './validation-rules.ts';

const schema = (spec: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', properties: { spec } });
const spec = (
  rules: JSONSchemaProps['x-kubernetes-validations'],
  properties: JSONSchemaProps['properties'] = { x: { type: 'integer' }, y: { type: 'integer' } },
) => schema({ type: 'object', properties: properties ?? {}, 'x-kubernetes-validations': rules ?? [] });
const run = (props: JSONSchemaProps, value: object, old?: object, warn: (text: string) => void = () => {}) =>
  (compileRules(props)?.validate(value, '', old, warn) ?? []).map(fieldErrorText);

describe('rules of custom resources', () => {
  it('lets through what keeps them', () => {
    expect(run(spec([{ rule: 'self.x <= self.y' }]), { spec: { x: 1, y: 2 } })).to.deep.equal([]);
    expect(compileRules(schema({ type: 'object' }))).to.equal(undefined);
  });

  const broken: [string, object, string][] = [
    ['the rule', {}, 'spec: Invalid value: failed rule: self.x <= self.y'],
    ['a message', { message: 'x above y' }, 'spec: Invalid value: x above y'],
    ['an expression', { messageExpression: '"x is " + string(self.x)' }, 'spec: Invalid value: x is 3'],
    ['a reason', { reason: 'FieldValueForbidden', message: 'no' }, 'spec: Forbidden: no'],
    ['a field', { fieldPath: '.x', message: 'too high' }, 'spec.x: Invalid value: too high'],
  ];
  for (const [name, more, text] of broken) {
    it(`refuses with ${name}`, () =>
      expect(run(spec([{ rule: 'self.x <= self.y', ...more }]), { spec: { x: 3, y: 2 } })).to.deep.equal([text]));
  }

  it('holds changes against what was, where that is known', () => {
    const immutable = spec(undefined, {
      x: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }] },
    });
    expect(run(immutable, { spec: { x: 1 } })).to.deep.equal([]);
    expect(run(immutable, { spec: { x: 2 } }, { spec: { x: 1 } })).to.deep.equal([
      'spec.x: Invalid value: 2: immutable',
    ]);
    const item: JSONSchemaProps = {
      type: 'object',
      properties: { k: { type: 'string' }, v: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.v >= oldSelf.v', message: 'shrinks' }],
    };
    const list = spec(undefined, {
      l: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
    });
    const value = (v: number) => ({
      spec: {
        l: [
          { k: 'a', v },
          { k: 'b', v: 5 },
        ],
      },
    });
    expect(run(list, value(1), value(2))).to.deep.equal(['spec.l[0]: Invalid value: shrinks']);
  });

  it('does not hold new rules against what did not change, but warns', () => {
    const props = spec(undefined, {
      x: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 5' }] },
      y: { type: 'integer' },
    });
    const warnings: string[] = [];
    const warn = (text: string) => warnings.push(text);
    expect(run(props, { spec: { x: 1, y: 2 } }, { spec: { x: 1, y: 1 } }, warn)).to.deep.equal([]);
    expect(warnings).to.deep.equal(['spec.x: Invalid value: 1: failed rule: self > 5']);
  });

  it('says which rules of a definition are none', () => {
    const texts = (rule: string) => checkRules(spec([{ rule }]), 'schema').map(fieldErrorText);
    expect(texts('self.z > 0')[0]).to.match(
      /^schema.properties\[spec\].x-kubernetes-validations\[0\].rule: Invalid value: .*: compilation failed: ERROR: <input>:1:5: undefined field 'z'/,
    );
    expect(texts('self.x >')[0]).to.match(/compilation failed: .*Syntax error/);
    expect(texts('self.x > 0')).to.deep.equal([]);
    expect(
      checkRules({ type: 'object', 'x-kubernetes-validations': [{ rule: "self.metadata.name == 'a'" }] }, 'schema'),
    ).to.deep.equal([]);
  });

  it('counts what rules can cost, but for a schema that was accepted so', () => {
    const open = { list: { type: 'array', items: { type: 'string' } } } as const;
    const dear = spec([{ rule: 'self.list.all(x, self.list.all(y, x != y))' }], open);
    const found = checkRules(dear, 'schema').map(fieldErrorText);
    expect(found[0]).to.equal(
      'schema.properties[spec].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than ' +
        '100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
    );
    expect(checkRules(dear, 'schema', { unchanged: true }).map(fieldErrorText).join('\n')).not.to.contain(
      'estimated rule cost exceeds',
    );
    const bounded = { list: { ...open.list, maxItems: 5, items: { type: 'string', maxLength: 5 } } };
    expect(checkRules(spec([{ rule: 'self.list.all(x, self.list.all(y, x != y))' }], bounded), 'schema')).to.deep.equal(
      [],
    );
  });

  it('lets stored rules keep what new ones may not use', () => {
    const props = spec([{ rule: '[1].includes(self.x)' }]);
    expect(checkRules(props, 'schema').map(fieldErrorText)[0]).to.contain("undeclared reference to 'includes'");
    expect(checkRules(props, 'schema', { wasStored: () => true })).to.deep.equal([]);
  });
});
