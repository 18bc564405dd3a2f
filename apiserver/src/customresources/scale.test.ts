import { fieldErrorText } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { compileScale } from './scale.ts';

describe('the scale of a custom resource', () => {
  const { validate } = compileScale({ specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' });
  const cases: [sentence: string, object: object, expected: string[]][] = [
    ['may have no numbers', { spec: null }, []],
    [
      'has numbers',
      { spec: { size: 'x' } },
      ['.spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64'],
    ],
    [
      'has objects on the way to them',
      { spec: 'x' },
      [
        '.spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected map[string]interface{}',
      ],
    ],
  ];
  for (const [sentence, object, expected] of cases) {
    it(sentence, () => expect(validate(object).map(fieldErrorText)).to.deep.equal(expected));
  }

  it('is written where it says, be it called as a prototype', () => {
    const { view } = compileScale({ specReplicasPath: '.spec.__proto__.size', statusReplicasPath: '.status.size' });
    const object = { metadata: {}, spec: {} };
    if (view.type === 'view') view.write(object, { spec: { replicas: 7 } } as object);
    expect(({} as { size?: number }).size).to.equal(undefined);
    expect(JSON.stringify(object.spec)).to.equal('{"__proto__":{"size":7}}');
  });
});
