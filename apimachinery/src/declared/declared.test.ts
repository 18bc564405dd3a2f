import { expect } from 'chai';
import { field, fieldErrorText } from '../errors/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import { mergeFindings, validateDeclared } from './index.ts';

const scheme = builtinScheme();

function findings(definition: string, object: object, old?: object): string[] {
  return validateDeclared(object, old, scheme.schemaOf(`io.k8s.api.${definition}`)).map(fieldErrorText);
}

const taintRule = (effect: string) => ({ spec: { taint: { key: 'a', effect } } });

/** Each case: what is declared, on which type, for which object, in upstream's words. */
const creates: [sentence: string, definition: string, object: object, expected: string[]][] = [
  ['a required value', 'batch.v1.CronJob', { spec: {} }, ['spec.schedule: Required value']],
  ['a required list, which may hold anything', 'rbac.v1.Role', { rules: [{ verbs: [''] }] }, []],
  [
    'values of a map, empty ones too',
    'resource.v1.ResourceSlice',
    { spec: { devices: [{ name: 'a', attributes: { a: {} } }] } },
    [
      'spec.devices[0].attributes[a]: Invalid value: "": must specify one of: `int`, `bool`, `string`, `version`, `ints`, `bools`, `strings`, `versions`',
    ],
  ],
  ['an empty value is none', 'batch.v1.CronJob', { spec: { schedule: '' } }, ['spec.schedule: Required value']],
  [
    'nothing after a rule that stops',
    'storage.v1.VolumeAttachment',
    { spec: { attacher: '' } },
    ['spec.attacher: Required value'],
  ],
  [
    'a number that is too small',
    'core.v1.ReplicationController',
    { spec: { replicas: -1 } },
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'one of several values, sorted',
    'resource.v1.DeviceTaintRule',
    taintRule('Bogus'),
    ['spec.taint.effect: Unsupported value: "Bogus": supported values: "NoExecute", "NoSchedule", "None"'],
  ],
  [
    'items of a list, by their keys',
    'resource.v1.ResourceClaim',
    { spec: { devices: { requests: [{ name: 'a' }, { name: 'a' }] } } },
    ['spec.devices.requests[1]: Duplicate value: {"name":"a"}'],
  ],
  [
    'a member that belongs to another value',
    'flowcontrol.v1.PriorityLevelConfiguration',
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: {} } } } },
    ['spec.limited.limitResponse.queuing: Forbidden'],
  ],
  [
    'a member that the value needs',
    'flowcontrol.v1.PriorityLevelConfiguration',
    { spec: { type: 'Limited' } },
    ['spec.limited: Required value'],
  ],
  [
    'a gate that is off',
    'batch.v1.Job',
    { spec: { scheduling: { schedulingPolicy: {} } } },
    ['spec.scheduling: Forbidden'],
  ],
];

describe('declared rules', () => {
  for (const [sentence, definition, object, expected] of creates) {
    it(`find ${sentence}`, () => {
      expect(findings(definition, object)).to.deep.equal(expected);
    });
  }

  it('let an unchanged value be', () => {
    expect(findings('resource.v1.DeviceTaintRule', taintRule('Bogus'), taintRule('Bogus'))).to.deep.equal([]);
  });

  it('refuse the change of what is immutable, without showing it', () => {
    expect(findings('node.v1.RuntimeClass', { handler: 'b' }, { handler: 'a' })).to.deep.equal([
      'handler: Invalid value: null: field is immutable',
    ]);
  });

  it('come after those written by hand and take the place of the same ones', () => {
    const written = [field.required('a'), field.invalid('b', 1, 'no')];
    const declared = [field.required('a')];
    expect(mergeFindings(written, declared).map(fieldErrorText)).to.deep.equal([
      'b: Invalid value: 1: no',
      'a: Required value',
    ]);
  });
});
