import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { Device, DeviceCapacity, ResourceSliceSpec } from '@coracle/apimachinery/types/resource-v1';
import { expect } from 'chai';
import { validateCapacity } from './capacity-validation.ts';
import { validateSliceSpec } from './slice-validation.ts';

const slice: ResourceSliceSpec = {
  driver: 'gpu.example.com',
  nodeName: 'n1',
  pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
};
const with1 = (device: Partial<Device>): ResourceSliceSpec => ({ ...slice, devices: [{ name: 'a', ...device }] });
const { nodeName: _, ...nowhere } = slice;
const four = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
const identifier =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

/** Each case: what is wrong with the slice, in upstream's words. */
const slices: [sentence: string, spec: ResourceSliceSpec, expected: string[]][] = [
  ['a slice without devices is fine', slice, []],
  ['devices are somewhere', nowhere, [`spec: Required value: ${four}`]],
  [
    'in one place',
    { ...slice, allNodes: true },
    [`spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${four}, but multiple fields are set`],
  ],
  [
    'a pool has slices',
    { ...slice, pool: { name: 'p', generation: -1, resourceSliceCount: 0 } },
    [
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
    ],
  ],
  [
    'a device has a name of its own',
    { ...slice, devices: [{ name: 'a' }, { name: 'a' }] },
    ['spec.devices[1]: Duplicate value: "a"'],
  ],
  [
    'an attribute has the name of a variable',
    with1({ attributes: { 'a-b': { bool: true } } }),
    [`spec.devices[0].attributes: Invalid value: "a-b": ${identifier}`],
  ],
  [
    'a version is a semantic one',
    with1({ attributes: { v: { version: '1' } } }),
    [
      'spec.devices[0].attributes[v].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
    ],
  ],
  [
    'where a device is says the slice',
    with1({ allNodes: true }),
    [
      'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    'conditions that say that a device is ready go with those that say it will not be',
    with1({ bindingConditions: ['a'] }),
    [
      'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
    ],
  ],
];

/** Each case: what is wrong with the capacity of a device that several claims may have. */
const capacities: [sentence: string, capacity: DeviceCapacity, expected: string[]][] = [
  ['without a policy anything goes', { value: '1Gi' }, []],
  [
    'a range has a default',
    { value: '10', requestPolicy: { validRange: { min: '1' } } },
    ['x.requestPolicy.default: Required value: required when validRange is defined'],
  ],
  [
    'steps reach the default',
    { value: '10', requestPolicy: { default: '2', validRange: { min: '1', step: '2' } } },
    ['x.requestPolicy.validRange.step: Invalid value: "2": value is not a multiple of a given step (2) from (1)'],
  ],
  [
    'values are sorted and the default is one of them',
    { value: '10', requestPolicy: { default: '3', validValues: ['2', '1'] } },
    [
      'x.requestPolicy.validValues[1]: Invalid value: "1": values must be sorted in ascending order',
      'x.requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy',
    ],
  ],
];

describe('slices of devices', () => {
  for (const [sentence, spec, expected] of slices) {
    it(sentence, () => {
      expect(validateSliceSpec(spec, undefined).map(fieldErrorText)).to.deep.equal(expected);
    });
  }
});

describe('capacities of devices', () => {
  for (const [sentence, capacity, expected] of capacities) {
    it(sentence, () => {
      expect(validateCapacity(capacity, true, 'x').map(fieldErrorText)).to.deep.equal(expected);
    });
  }

  it('have no policy where one claim alone has the device', () => {
    const found = validateCapacity({ value: '1', requestPolicy: {} }, false, 'x').map(fieldErrorText);
    expect(found).to.deep.equal(['x.requestPolicy: Forbidden: allowMultipleAllocations must be true']);
  });
});
