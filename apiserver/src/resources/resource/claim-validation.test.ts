import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { DeviceClaim } from '@coracle/apimachinery/types/resource-v1';
import { expect } from 'chai';
import { validateDeviceClaim } from './claim-validation.ts';

const exactly = { deviceClassName: 'gpu.example.com', allocationMode: 'ExactCount', count: 1 };
const either = 'exactly one of `exactly` or `firstAvailable` is required';
const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** Each case: what is wrong with the claim, in upstream's words. */
const cases: [sentence: string, claim: DeviceClaim, expected: string[]][] = [
  ['a whole request is fine', { requests: [{ name: 'gpu', exactly }] }, []],
  ['a request asks for something', { requests: [{ name: 'gpu' }] }, [`requests[0]: Required value: ${either}`]],
  [
    'not for two things',
    { requests: [{ name: 'gpu', exactly, firstAvailable: [{ name: 'a', ...exactly }] }] },
    [`requests[0]: Invalid value: null: ${either}, but multiple fields are set`],
  ],
  [
    'a count belongs to a mode',
    { requests: [{ name: 'gpu', exactly: { ...exactly, allocationMode: 'All' } }] },
    ["requests[0].exactly.count: Invalid value: 1: must not be specified when allocationMode is 'All'"],
  ],
  [
    'a constraint names requests',
    { requests: [{ name: 'gpu', exactly }], constraints: [{ requests: ['other'], matchAttribute: 'a.example.com/b' }] },
    [`constraints[0].requests[0]: Invalid value: "other": ${unknownRequest}`],
  ],
  [
    'a configuration is for a driver',
    { config: [{ opaque: { driver: 'a.example.com', parameters: ['x'] } }] },
    ['config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object'],
  ],
  [
    'the name of a driver is judged last',
    { config: [{ opaque: { driver: '' } }] } as DeviceClaim,
    ['config[0].opaque.parameters: Required value', 'config[0].opaque.driver: Required value'],
  ],
];

describe('device claims', () => {
  for (const [sentence, claim, expected] of cases) {
    it(sentence, () => {
      const found = validateDeviceClaim(claim, 'x').map((error) => fieldErrorText(error).replace(/^x\./, ''));
      expect(found).to.deep.equal(expected);
    });
  }
});
