import { expect } from 'chai';
import type { NodeSelectorRequirement, Toleration } from '../generated/types/core-v1.ts';
import { matchesNodeTerm, requiredNode, tolerates } from './index.ts';

const node = { name: 'a', labels: { zone: 'x', cpus: '8', big: '9007199254740993' } };

describe('a node selector term', () => {
  const expressions: [NodeSelectorRequirement, boolean][] = [
    [{ key: 'zone', operator: 'In', values: ['y', 'x'] }, true],
    [{ key: 'none', operator: 'In', values: ['x'] }, false],
    [{ key: 'none', operator: 'NotIn', values: ['x'] }, true],
    [{ key: 'zone', operator: 'Exists' }, true],
    [{ key: 'zone', operator: 'Exists', values: ['x'] }, false],
    [{ key: 'constructor', operator: 'DoesNotExist' }, true],
    [{ key: 'cpus', operator: 'Gt', values: ['7'] }, true],
    [{ key: 'cpus', operator: 'Lt', values: ['8'] }, false],
    [{ key: 'big', operator: 'Gt', values: ['9007199254740992'] }, true],
    [{ key: 'zone', operator: 'Lt', values: ['8'] }, false],
    [{ key: 'zone', operator: 'Unheard', values: ['x'] }, false],
  ];
  for (const [requirement, expected] of expressions) {
    const { key, operator, values = [] } = requirement;
    it(`${key} ${operator} ${values}: ${expected}`, () =>
      expect(matchesNodeTerm({ matchExpressions: [requirement] }, node)).to.equal(expected));
  }
  const fields: [NodeSelectorRequirement, boolean][] = [
    [{ key: 'metadata.name', operator: 'In', values: ['a'] }, true],
    [{ key: 'metadata.name', operator: 'NotIn', values: ['a'] }, false],
    [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }, false],
    [{ key: 'metadata.name', operator: 'Exists' }, false],
    [{ key: 'spec.other', operator: 'In', values: ['a'] }, false],
  ];
  for (const [requirement, expected] of fields) {
    const { key, operator, values = [] } = requirement;
    it(`field ${key} ${operator} ${values}: ${expected}`, () =>
      expect(matchesNodeTerm({ matchFields: [requirement] }, node)).to.equal(expected));
  }
  it('without requirements matches nothing', () => expect(matchesNodeTerm({}, node)).to.equal(false));
});

describe('what a pod asks of its node', () => {
  const required = (values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: values.map((value) => ({
          matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }],
        })),
      },
    },
  });
  it('is nothing where it names nothing', () => expect(requiredNode({ nodeSelector: {} })).to.equal(undefined));
  it('is one of the terms and every label', () => {
    expect(requiredNode({ affinity: required(['y', 'x']) })?.(node)).to.equal(true);
    expect(requiredNode({ affinity: required(['x']), nodeSelector: { cpus: '4' } })?.(node)).to.equal(false);
    expect(requiredNode({ affinity: required([]) })?.(node)).to.equal(false);
  });
});

describe('a toleration', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
  const cases: [Toleration, boolean][] = [
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }, true],
    [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }, false],
    [{ operator: 'Exists' }, true],
    [{ key: 'other', operator: 'Exists' }, false],
    [{ key: 'k', operator: 'Gt', value: '1' }, false],
  ];
  for (const [toleration, expected] of cases) {
    it(`${JSON.stringify(toleration)}: ${expected}`, () => expect(tolerates(toleration, taint)).to.equal(expected));
  }
});
