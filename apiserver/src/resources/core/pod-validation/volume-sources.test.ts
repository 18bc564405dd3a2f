import { fieldErrorText } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { volumeSourceErrors } from './volume-sources.ts';

const persistent = { name: 'pv' };

/** Each case: the source of a volume, and what is wrong with it in upstream's words; `true`: of a PersistentVolume. */
const cases: [kind: string, source: object, isPersistent: boolean, expected: string[]][] = [
  [
    'nfs',
    { server: 's', path: '' },
    false,
    ['x.path: Required value', 'x.path: Invalid value: "": must be an absolute path'],
  ],
  [
    'iscsi',
    { targetPortal: 'p', iqn: 'abc', lun: 1 },
    false,
    ['x.iqn: Invalid value: "abc": must be valid format starting with iqn, eui, or naa'],
  ],
  ['iscsi', { targetPortal: 'p', iqn: 'abc', lun: 1 }, true, ['x.iqn: Invalid value: "abc": must be valid format']],
  [
    'iscsi',
    { targetPortal: 'p', iqn: 'iqn.2020-01.example.com:a', lun: 1, chapAuthSession: true },
    false,
    ['x.secretRef: Required value'],
  ],
  ['fc', {}, false, ['x.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both']],
  ['fc', { targetWWNs: ['a'] }, false, ['x.lun: Required value: lun is required if targetWWNs is specified']],
  ['rbd', { monitors: [], image: 'i' }, false, ['x.monitors: Required value']],
  ['cinder', { volumeID: 'v', secretRef: { name: 's' } }, false, []],
  ['cinder', { volumeID: 'v', secretRef: { name: 's' } }, true, ['x.secretRef.namespace: Required value']],
  [
    'awsElasticBlockStore',
    { volumeID: 'v', partition: 256 },
    false,
    ['x.partition: Invalid value: 256: must be between 1 and 255, inclusive'],
  ],
  [
    'quobyte',
    { registry: 'nowhere', volume: 'v' },
    false,
    ['x.registry: Invalid value: "nowhere": must be a host:port pair or multiple pairs separated by commas'],
  ],
  [
    'flexVolume',
    { driver: 'd', options: { 'kubernetes.io/a': 'b' } },
    false,
    ['x.options[kubernetes.io/a]: Invalid value: "kubernetes.io/a": kubernetes.io and k8s.io namespaces are reserved'],
  ],
  ['emptyDir', {}, false, []],
];

describe('sources of volumes', () => {
  for (const [kind, source, isPersistent, expected] of cases) {
    it(`${kind} ${JSON.stringify(source)}${isPersistent ? ' of a PersistentVolume' : ''}`, () => {
      const found = volumeSourceErrors(kind, source, 'x', isPersistent ? persistent : undefined);
      expect(found.map(fieldErrorText)).to.deep.equal(expected);
    });
  }
});
