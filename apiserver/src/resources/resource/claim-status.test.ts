import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { ResourceClaim } from '@coracle/apimachinery/types/resource-v1';
import { expect } from 'chai';
import { validateClaimStatus } from './claim-status.ts';

type Status = NonNullable<ResourceClaim['status']>;

const claim = (status: Status): ResourceClaim => ({
  metadata: { name: 'c' },
  spec: { devices: { requests: [{ name: 'gpu' }] } },
  status,
});
const result = { request: 'gpu', driver: 'd.example.com', pool: 'p', device: 'a' };
const user = { resource: 'pods', name: 'p', uid: '1' };

/** Each case: the status of a claim, and what is wrong with it in upstream's words. */
const cases: [sentence: string, status: Status, expected: string[]][] = [
  ['devices that are allocated', { allocation: { devices: { results: [result] } }, reservedFor: [user] }, []],
  [
    'a reservation without devices',
    { reservedFor: [user] },
    ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
  ],
  [
    'a result for nobody',
    { allocation: { devices: { results: [{ ...result, request: 'other' }] } } },
    [
      'status.allocation.devices.results[0].request: Invalid value: "other": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
    ],
  ],
  [
    'a state of a device that was not allocated',
    { devices: [{ driver: 'd.example.com', pool: 'p', device: 'a' }] },
    [
      'status.devices[0]: Invalid value: {"Driver":"d.example.com","Pool":"p","Device":"a","ShareID":""}: must be an allocated device in the claim',
    ],
  ],
];

describe('the status of a claim', () => {
  for (const [sentence, status, expected] of cases) {
    it(sentence, () => {
      expect(validateClaimStatus(claim(status), claim({})).map(fieldErrorText)).to.deep.equal(expected);
    });
  }
});
