import { textOfError } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { parseConfig } from '../../configfile/index.ts';
import { encryptionConfigKind } from './configuration.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const provider = (text: string) => rule('secrets', text);
const rule = (resources: string, providers: string) =>
  `resources: [{resources: [${resources}], providers: [${providers}]}]`;
const gcm = `{aesgcm: {keys: [{name: k, secret: "${key}"}]}}`;

const refused: [name: string, body: string, message: string | RegExp][] = [
  ['no rules', 'resources: []', 'resources: Required value: at least one resources is required'],
  [
    'a rule for nothing',
    rule('', gcm),
    /^resources\[0\]\.resources: Required value: at least one resources\[0\]\.resources/,
  ],
  ['no providers', provider(''), /resources\[0\]\.providers: Required value/],
  ['an empty provider', provider('{}'), /resources\[0\]\.providers\[0\]: Invalid value: .*does not contain any/],
  [
    'two in one',
    provider(gcm.replace(/}$/, ', identity: {}}')),
    /providers\[0\]: Invalid value: "aesgcm, identity": more than one/,
  ],
  ['no keys', provider('{aesgcm: {keys: []}}'), /aesgcm\.keys: Required value: at least one keys is required/],
  ['a key without name', provider(`{aescbc: {keys: [{secret: "${key}"}]}}`), /aescbc\.keys\[0\]\.name: Required value/],
  [
    'a key of 5 bytes',
    provider('{aesgcm: {keys: [{name: k, secret: aGVsbG8=}]}}'),
    'resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 5, expected one of [16 24 32]',
  ],
  [
    'no base64',
    provider('{secretbox: {keys: [{name: k, secret: "%%"}]}}'),
    /secretbox\.keys\[0\]\.secret: .*must be base64 encoded/,
  ],
  [
    'a key service',
    provider('{kms: {name: a}}'),
    /providers\[0\]\.kms: Forbidden: key management services are not supported/,
  ],
  [
    'capitals',
    rule('Secrets', gcm),
    /resources\[0\]\.resources\[0\]: Invalid value: "Secrets": resource name should not contain capital/,
  ],
  ['a lone star', rule('"*"', gcm), /use '\*\.' to encrypt all the resources from core API group/],
  ['a rule that masks another', rule('secrets, "*."', gcm), /overlapping resources/],
  ['the same twice', rule('secrets, secrets', gcm), /the same resource cannot be specified multiple times/],
  ['an unknown field', 'resources: []\nkeys: []', '/etc/enc.yaml: strict decoding error: unknown field "keys"'],
  [
    'an unknown field below',
    provider(gcm.replace('name: k', 'nam: k')),
    /unknown field "resources\[0\]\.providers\[0\]\.aesgcm\.keys\[0\]\.nam"/,
  ],
  [
    'a list that is none',
    'resources: 3',
    /cannot unmarshal number into Go struct field EncryptionConfiguration\.resources/,
  ],
];

describe('encryption configuration', () => {
  const messageOf = (text: string) => {
    try {
      parseConfig('/etc/enc.yaml', text, encryptionConfigKind);
      return 'accepted';
    } catch (error) {
      return textOfError(error);
    }
  };
  const header = 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n';

  for (const [name, body, message] of refused) {
    it(`refuses ${name}`, () => {
      const text = messageOf(header + body).replace(/^EncryptionConfiguration\S* "\/etc\/enc\.yaml" is invalid: /, '');
      if (typeof message === 'string') expect(text).to.equal(message);
      else expect(text).to.match(message);
    });
  }

  it('refuses another kind of file, and what is no YAML', () => {
    expect(messageOf('apiVersion: v1\nkind: Pod')).to.match(/has apiVersion "v1" and kind "Pod": .* is expected/);
    expect(messageOf('a: [')).to.match(/^\/etc\/enc\.yaml: /);
    expect(messageOf('- a')).to.match(/a mapping with apiVersion and kind is expected/);
  });

  it('accepts several rules with several providers', () => {
    const body = `resources:
- {resources: [secrets, pandas.awesome.bears.example], providers: [${gcm}, {identity: {}}]}
- {resources: ["*.apps"], providers: [{secretbox: {keys: [{name: k, secret: "${key}"}]}}]}`;
    expect(messageOf(header + body)).to.equal('accepted');
  });
});
