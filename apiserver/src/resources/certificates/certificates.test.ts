import 'reflect-metadata';
import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { ClusterTrustBundle, PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import {
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { expect } from 'chai';
import { TestCertificates } from '../../auth/testing/index.ts';
import type { WriteContext } from '../shared/registry.ts';
import { clusterTrustBundleStrategy } from './cluster-trust-bundle.ts';
import { podCertificateRequestStrategy } from './pod-certificate-request.ts';

type Request = PodCertificateRequest;
type Status = NonNullable<Request['status']>;
interface Keys {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

const now = Date.parse('2030-01-01T00:00:00Z');
const minute = 60_000;
const time = (ms: number) => new Date(ms).toISOString().replace('.000', '');

describe('a ClusterTrustBundle', () => {
  const certificates = new TestCertificates();
  let one: string;
  let leaf: string;
  before(async () => {
    one = (await certificates.create('one')).toString();
    leaf = (await certificates.create('leaf', 'one')).toString();
  });

  async function problems(trustBundle: string, old?: ClusterTrustBundle): Promise<string[]> {
    const object: ClusterTrustBundle = { metadata: { name: 'b' }, spec: { trustBundle } };
    const found = await clusterTrustBundleStrategy.validate?.(object, old, {} as WriteContext);
    return (found ?? []).map((error) =>
      fieldErrorText(error).replace('spec.trustBundle: Invalid value: "<value omitted>": ', ''),
    );
  }

  it('has certificates of authorities, each once', async () => {
    expect(await problems(`text between\n${one}`)).to.deep.equal([]);
    expect(await problems('')).to.deep.equal(['at least one trust anchor must be provided']);
    expect(await problems(one + one)).to.deep.equal(['duplicate trust anchor (indices [0 1])']);
    expect(await problems(one + leaf)).to.deep.equal(['entry 1 does not have the CA bit set']);
    expect(await problems(one.replaceAll('CERTIFICATE', 'KEY'))).to.deep.equal(['entry 0 has bad block type: KEY']);
    expect(await problems(one.replace('-----\n', '-----\nfrom: me\n\n'))).to.deep.equal([
      'entry 0 has PEM block headers',
    ]);
    expect(await problems('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).to.deep.equal([
      'entry 0 does not parse as X.509',
    ]);
  });

  it('is not read again where it stays as it is', async () => {
    expect(await problems('none', { metadata: {}, spec: { trustBundle: 'none' } })).to.deep.equal([]);
  });
});

describe('a PodCertificateRequest', () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  let keys: Keys;
  let request: Request;
  before(async () => {
    keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    request = {
      metadata: { name: 'r', namespace: 'ns' },
      spec: {
        ...{
          signerName: 'example.com/signer',
          podName: 'p',
          podUID: '1',
          serviceAccountName: 'sa',
          serviceAccountUID: '2',
        },
        ...{ nodeName: 'n', nodeUID: '3', maxExpirationSeconds: 86_400, stubPKCS10Request: await requestOf(keys) },
      },
    };
  });

  async function requestOf(pair: Keys, signingAlgorithm: { name: string; hash?: string } = algorithm): Promise<string> {
    const made = await Pkcs10CertificateRequestGenerator.create({ keys: pair, signingAlgorithm });
    return Buffer.from(made.rawData).toString('base64');
  }

  async function problems(spec: Partial<Request['spec']>): Promise<string[]> {
    const object = { ...request, spec: { ...request.spec, ...spec } };
    return ((await podCertificateRequestStrategy.validate?.(object, undefined, {} as WriteContext)) ?? []).map(
      fieldErrorText,
    );
  }

  it('says whose certificate, for how long, and shows that it has the key', async () => {
    expect(await problems({})).to.deep.equal([]);
    expect(await problems({ podUID: '', nodeUID: 'x'.repeat(129) })).to.deep.equal([
      'spec.podUID: Invalid value: "": must not be empty',
      'spec.nodeUID: Too long: may not be more than 128 bytes',
    ]);
    expect(await problems({ unverifiedUserAnnotations: { bare: '' } })).to.deep.equal([
      'spec.unverifiedUserAnnotations: Invalid value: "bare": must be a domain-prefixed key (such as "acme.io/foo")',
    ]);
    expect(await problems({ maxExpirationSeconds: 60 })).to.deep.equal([
      'spec.maxExpirationSeconds: Invalid value: 60: must be in the range [3600, 7862400]',
    ]);
    expect(await problems({ signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_401 })).to.deep.equal([
      'spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]',
    ]);
    expect(await problems({ stubPKCS10Request: '' })).to.deep.equal([
      'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
    ]);
    expect(await problems({ stubPKCS10Request: 'AAAA' })).to.deep.equal([
      'spec.stubPKCS10Request: Invalid value: must be a valid PKCS#10 CSR',
    ]);
  });

  it('has a key of a kind that is good enough, and is signed with it', async () => {
    const ed25519 = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as Keys;
    expect(await problems({ stubPKCS10Request: await requestOf(ed25519, { name: 'Ed25519' }) })).to.deep.equal([]);
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    const small = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
    expect(await problems({ stubPKCS10Request: await requestOf(small, rsa) })).to.deep.equal([
      'spec.stubPKCS10Request: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096',
    ]);
    const other = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const foreign = await requestOf({ publicKey: keys.publicKey, privateKey: other.privateKey });
    expect(await problems({ stubPKCS10Request: foreign })).to.deep.equal([
      'spec.stubPKCS10Request: Invalid value: invalid signature',
    ]);
  });

  describe('is answered once', () => {
    const condition = (type: string) => ({
      type,
      status: 'True',
      reason: 'Because',
      message: '',
      lastTransitionTime: time(now),
    });
    let issued: Status;
    before(async () => {
      const [from, to] = [now, now + 120 * minute];
      issued = {
        conditions: [condition('Issued')],
        certificateChain: await chainOf(keys.publicKey, from, to),
        ...{ notBefore: time(from), notAfter: time(to), beginRefreshAt: time(now + 60 * minute) },
      };
    });

    async function chainOf(publicKey: CryptoKey, from: number, to: number, name = 'p.example.com'): Promise<string> {
      const made = await X509CertificateGenerator.create({
        ...{ subject: 'CN=p', issuer: 'CN=ca', publicKey, signingKey: keys.privateKey, signingAlgorithm: algorithm },
        ...{ notBefore: new Date(from), notAfter: new Date(to) },
        extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
      });
      return `${made.toString('pem')}\n`;
    }

    async function answer(
      status: Status,
      old: Status = {},
      decision: 'allow' | 'no-opinion' = 'allow',
    ): Promise<string[]> {
      const context = {
        environment: { clock: { now: () => now } },
        user: { username: 'alice', groups: [], extra: {} },
        authorizer: { name: 'one', authorize: () => ({ decision, reason: '' }) },
      } as unknown as WriteContext;
      const { status: rules } = podCertificateRequestStrategy.subresources ?? {};
      if (rules?.type !== 'update') throw new Error('there is no such subresource');
      const found = await rules.validateUpdate?.({ ...request, status }, { ...request, status: old }, context);
      return (found ?? []).map(fieldErrorText).map((text) => text.replace(/"-----BEGIN.*-----\\n"/, '…'));
    }

    it('by who may sign for its signer', async () => {
      expect(await answer(issued)).to.deep.equal([]);
      expect(await answer({ conditions: [condition('Denied')] }, {}, 'no-opinion')).to.deep.equal([
        'spec.signerName: Forbidden: User "alice" is not permitted to "sign" for signer "example.com/signer"',
      ]);
      expect(await answer({}, {}, 'no-opinion')).to.deep.equal([]);
    });

    it('with one ending, after which nothing changes', async () => {
      expect(await answer({ conditions: [condition('Issued'), condition('Failed')] })).to.deep.equal([
        'status.conditions.[1].type: Invalid value: "Failed": There may be at most one condition with type "Issued", "Denied", or "Failed"',
      ]);
      expect(await answer({ conditions: [condition('Perhaps')] })).to.deep.equal([
        'status.conditions.[0].type: Unsupported value: "Perhaps": supported values: "Issued", "Denied", "Failed"',
      ]);
      expect(await answer({ ...issued, beginRefreshAt: time(now + 61 * minute) }, issued)).to.deep.equal([
        'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed',
      ]);
      expect(await answer({ ...issued, conditions: [condition('Denied')] })).to.deep.equal([
        'status: Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest',
      ]);
      expect(await answer({ notBefore: time(now) })).to.deep.equal([
        'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
      ]);
    });

    it('with a certificate of its key and the times of the certificate', async () => {
      const other = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const chain = await chainOf(other.publicKey, now, now + 120 * minute);
      expect(await answer({ ...issued, certificateChain: chain })).to.deep.equal([
        'status.certificateChain: Invalid value: …: leaf certificate was not issued to the requested public key',
      ]);
      expect(await answer({ ...issued, certificateChain: '' })).to.deep.equal([
        'status.certificateChain: Invalid value: "": issued certificate chain must contain at least one certificate',
      ]);
      const dotted = await chainOf(keys.publicKey, now, now + 120 * minute, '.example..com');
      expect(await answer({ ...issued, certificateChain: dotted })).to.deep.equal([
        "status.certificateChain: Invalid value: \".example..com\": leaf certificate's DNSName should not contain '..'",
        "status.certificateChain: Invalid value: \".example..com\": leaf certificate's DNSName should not start or end with '.'",
      ]);
      expect(await answer({ ...issued, notBefore: time(now + minute) })).to.deep.equal([
        'status.notBefore: Invalid value: "2030-01-01T00:01:00Z": must be set to the NotBefore time encoded in the leaf certificate',
      ]);
      expect(await answer({ ...issued, beginRefreshAt: time(now + 5 * minute) })).to.deep.equal([
        'status.beginRefreshAt: Invalid value: "2030-01-01T00:05:00Z": must be at least 10 minutes after status.notBefore',
      ]);
      const { notAfter: _, ...without } = issued;
      expect(await answer(without)).to.deep.equal([
        'status.notAfter: Required value: must be present and consistent with the issued certificate',
      ]);
    });
  });
});
