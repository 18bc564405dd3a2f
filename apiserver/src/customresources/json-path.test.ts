import { expect } from 'chai';
import { parseJsonPath } from './json-path.ts';

const value = {
  spec: { replicas: 3, 'dotted.name': 'x' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Old', status: 'False' },
    ],
  },
};

describe('JSON paths of definitions', () => {
  const table: readonly (readonly [path: string, found: readonly unknown[]])[] = [
    ['.spec.replicas', [3]],
    ['spec.replicas', [3]],
    ['{.spec.replicas}', [3]],
    [`.spec['dotted.name']`, ['x']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    ['.status.conditions[*].type', ['Ready', 'Old']],
    ['.status.conditions[-1].type', ['Old']],
    ['.spec.absent.below', []],
    ['.constructor', []],
  ];
  for (const [path, found] of table) it(path, () => expect(parseJsonPath(path).find(value)).to.deep.equal(found));

  it('refuses what it does not understand', () => {
    for (const path of ['.spec[', '.spec..x', '.a[?(@.b>1)]'])
      expect(() => parseJsonPath(path), path).to.throw(/unrecognized/);
  });
});
