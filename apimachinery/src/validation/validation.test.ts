import { expect } from 'chai';
import fc from 'fast-check';
import { fieldErrorText } from '../errors/index.ts';
import {
  byteLength,
  cidrContains,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  environmentVariableName,
  generateName,
  ipText,
  ipWarnings,
  labelValue,
  nameIsDnsSubdomain,
  parseCidr,
  parseIp,
  portName,
  qualifiedName,
  validateCidr,
  validateDeleteOptions,
  validateFieldManager,
  validateIp,
  validateLabelSelector,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validatePatchOptions,
} from './index.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const key = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

/** The unambiguous patterns accept exactly what the documented ones do. */
const documented: [string, (value: string) => readonly string[], RegExp][] = [
  ['label', dns1123Label, new RegExp(`^${label}$`)],
  ['subdomain', dns1123Subdomain, new RegExp(`^${label}(\\.${label})*$`)],
  ['subdomain with underscore', dns1123SubdomainWithUnderscore, new RegExp(`^${underscored}(\\.${underscored})*$`)],
  ['RFC 1035 label', dns1035Label, /^[a-z]([-a-z0-9]*[a-z0-9])?$/],
  ['label value', labelValue, new RegExp(`^(${key})?$`)],
  ['qualified name', qualifiedName, new RegExp(`^${key}$`)],
];

describe('names', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '1', 'Z', '-', '.', '_'), maxLength: 12 });
  for (const [name, check, pattern] of documented) {
    it(`${name} follows the pattern that its message names`, () => {
      fc.assert(
        fc.property(text, (value) => {
          expect(check(value).length === 0).to.equal(pattern.test(value));
        }),
        { numRuns: 1000 },
      );
    });
  }

  it('answers a hostile name in linear time', () => {
    expect(dns1123Subdomain(`${'a-'.repeat(100_000)}!`)).to.have.length(2);
    expect(qualifiedName(`${'a.'.repeat(100_000)}!`)).to.have.length(2);
  });

  it('says what is wrong in upstream words', () => {
    expect(dns1123Label('a.b')).to.deep.equal(['must not contain dots']);
    expect(dns1123Subdomain('Foo')).to.deep.equal([
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
        "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ]);
    expect(qualifiedName('a/b/c')[0]).to.contain(
      "a valid label key must consist of alphanumeric characters, '-', '_' or '.'",
    );
    expect(qualifiedName('/b')).to.deep.equal(['prefix part must be non-empty']);
    expect(portName('a--b-')).to.deep.equal([
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ]);
    expect(environmentVariableName('A=B')).to.have.length(1);
    expect(labelValue('x'.repeat(64))).to.deep.equal(['must be no more than 63 bytes']);
  });

  it('lets a generateName end in a dash', () => {
    expect(nameIsDnsSubdomain('web-', true)).to.deep.equal([]);
    expect(nameIsDnsSubdomain('web-', false)).to.have.length(1);
  });

  it('makes names of at most 63 characters', () => {
    const random = { next: () => 0.999, bytes: () => new Uint8Array() };
    expect(generateName('x'.repeat(80), random)).to.equal(`${'x'.repeat(58)}99999`);
  });

  it('counts bytes as UTF-8 does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(byteLength(value)).to.equal(new TextEncoder().encode(value).length);
      }),
    );
  });
});

describe('addresses', () => {
  it('print as they were read', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(ipText(parseIp(text) as never)).to.equal(text);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const ip = parseIp(text);
        expect(ip).to.not.equal(undefined);
        if (ip !== undefined) expect(parseIp(ipText(ip), true)?.bytes.slice(-4)).to.deep.equal(ip.bytes.slice(-4));
      }),
    );
  });

  const canonical: [string, string][] = [
    ['FE80:0:0:0:0:0:0:0abc', 'fe80::abc'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::', '::'],
  ];
  for (const [text, expected] of canonical) {
    it(`${text} is ${expected}`, () => expect(ipText(parseIp(text) as never)).to.equal(expected));
  }

  it('are refused with upstream words', () => {
    const texts = (path: string, errors: readonly { detail: string }[]) => [
      path,
      ...errors.map(({ detail }) => detail),
    ];
    expect(texts('ip', validateIp('ip', '010.0.0.1'))).to.deep.equal(['ip', 'must not have leading 0s']);
    expect(texts('ip', validateIp('ip', '::ffff:1.2.3.4'))).to.deep.equal([
      'ip',
      'must not be an IPv4-mapped IPv6 address',
    ]);
    expect(texts('ip', validateIp('ip', 'FE80::1'))).to.deep.equal(['ip', 'must be in canonical form ("fe80::1")']);
    expect(texts('c', validateCidr('c', '10.0.0.1/8'))).to.deep.equal([
      'c',
      'must not have bits set beyond the prefix length',
    ]);
    expect(ipWarnings('ip', '010.0.0.1')).to.deep.equal([
      'ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
    ]);
  });

  it('belong to networks', () => {
    const network = parseCidr('10.96.0.0/12') as never;
    expect(cidrContains(network, parseIp('10.111.255.255') as never)).to.equal(true);
    expect(cidrContains(network, parseIp('10.112.0.0') as never)).to.equal(false);
    expect(cidrContains(network, parseIp('::1') as never)).to.equal(false);
  });
});

describe('object metadata', () => {
  it('reports all that is wrong with a new object', () => {
    const errors = validateObjectMeta(
      {
        name: 'A',
        labels: { 'a b': 'c d' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: '', uid: 'u' }],
        finalizers: ['orphan', 'foregroundDeletion'],
      },
      true,
      nameIsDnsSubdomain,
    );
    expect(errors.map(({ type, field }) => `${type} ${field}`)).to.deep.equal([
      'FieldValueInvalid metadata.name',
      'FieldValueRequired metadata.namespace',
      'FieldValueInvalid metadata.labels',
      'FieldValueInvalid metadata.labels',
      'FieldValueRequired metadata.ownerReferences[0].name',
      'FieldValueInvalid metadata.finalizers',
    ]);
  });

  it('holds an object still that is being deleted', () => {
    const old = { name: 'a', uid: '1', resourceVersion: '1', deletionTimestamp: '2026-01-01T00:00:00Z' };
    const errors = validateObjectMetaUpdate({ ...old, uid: '2', finalizers: ['x.io/b', 'x.io/a'] }, old);
    expect(errors.map(fieldErrorText)).to.deep.equal([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
        'found new finalizers []string{"x.io/a", "x.io/b"}',
      'metadata.uid: Invalid value: "2": field is immutable',
    ]);
  });

  it('checks selectors', () => {
    const matchExpressions = [
      { key: 'a', operator: 'In' },
      { key: 'b', operator: 'Exists', values: ['x'] },
      { key: 'c', operator: 'Is' },
    ];
    expect(validateLabelSelector({ matchExpressions }, 'spec.selector').map(fieldErrorText)).to.deep.equal([
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      'spec.selector.matchExpressions[2].operator: Invalid value: "Is": not a valid selector operator',
    ]);
  });

  it('checks options', () => {
    expect(validatePatchOptions({ force: true }, false).map(fieldErrorText)).to.deep.equal([
      'force: Forbidden: may not be specified for non-apply patch',
    ]);
    expect(validatePatchOptions({}, true).map(fieldErrorText)).to.deep.equal([
      'fieldManager: Required value: is required for apply patch',
    ]);
    expect(validateDeleteOptions({ propagationPolicy: 'X', dryRun: ['all'] }).map(fieldErrorText)).to.deep.equal([
      'propagationPolicy: Unsupported value: "X": supported values: "Foreground", "Background", "Orphan", "nil"',
      'dryRun: Unsupported value: ["all"]: supported values: "All"',
    ]);
    expect(validateFieldManager('a\u0007', 'fieldManager')[0]?.detail).to.equal(
      'invalid character U+0007 (at position 1)',
    );
  });
});
