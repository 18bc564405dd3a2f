import type { Schema, ScalarType } from '@coracle/apimachinery/schema';
import { expect } from 'chai';
import { conversionProblem } from './conversion-problem.ts';

const scalar = (type: ScalarType): Schema => ({ type: 'scalar', scalar: type });

/** Each case: a value, the type it should have, and what Go says. */
const cases: [value: unknown, schema: Schema, wanted: string, expected: string][] = [
  [true, scalar('string'), 'string', 'unrecognized type: string'],
  [5, scalar('string'), 'v1.ServiceType', 'cannot convert int64 to v1.ServiceType'],
  [1.5, scalar('string'), 'string', 'unrecognized type: string'],
  [1.5, scalar('int32'), 'int32', 'cannot convert float64 to int32'],
  ['5', scalar('int32'), 'int32', 'unrecognized type: int32'],
  [1, scalar('boolean'), 'bool', 'unrecognized type: bool'],
  ['!', scalar('bytes'), '[]uint8', 'error decoding from json: otherwise'],
  [5, scalar('bytes'), '[]uint8', 'cannot restore slice from int64'],
  ['x', scalar('quantity'), 'resource.Quantity', 'otherwise'],
  [5, scalar('time'), 'v1.Time', 'json: cannot unmarshal number into Go value of type string'],
  [1.5, scalar('int-or-string'), 'intstr.IntOrString', 'json: cannot unmarshal number 1.5 into Go value of type int32'],
  ['x', { type: 'list', listType: 'atomic', items: scalar('string') }, '[]string', 'cannot restore slice from string'],
  [[], { type: 'map', values: scalar('string') }, 'map[string]string', 'cannot restore map from slice'],
];

describe('what is said of a strategic merge patch whose values have other types', () => {
  for (const [value, schema, wanted, expected] of cases) {
    it(`${JSON.stringify(value)} for ${wanted}: ${expected}`, () => {
      expect(conversionProblem({ value, schema, wanted }, 'otherwise')).to.equal(expected);
    });
  }
});
