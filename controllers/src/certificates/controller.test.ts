import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { CertificateSigningRequests, ClusterRoles, Secrets, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { CertificateSigningRequest } from '@coracle/apimachinery/types/certificates-v1';
import { startTestCluster, type TestCluster, testRequestPem, testSigning } from '../testing/index.ts';
import { parseCertificateRequest } from './certificate-request.ts';
import { expiresAt } from './controller.ts';
import { type DerNode, oid, readDer, sequence, tags, writeDer } from './der.ts';
import { readSubject } from './names.ts';

const request = Buffer.from(testRequestPem).toString('base64');

async function approved(
  cluster: TestCluster,
  spec: Partial<CertificateSigningRequest['spec']>,
): Promise<CertificateSigningRequest> {
  const signerName = 'kubernetes.io/kube-apiserver-client';
  const created = await cluster.create(CertificateSigningRequests, {
    metadata: { name: 'jane' },
    spec: { request, signerName, usages: ['client auth'], ...spec },
  });
  const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: '' }];
  return cluster.client.update(
    CertificateSigningRequests,
    { ...created, status: { conditions } },
    { subresource: 'approval' },
  );
}

describe('certificate requests', () => {
  it('are read as OpenSSL writes them', () => {
    const { commonName, organizations, dnsNames, ipAddresses } = parseCertificateRequest(request);
    expect({ commonName, organizations, dnsNames, ipAddresses }).to.deep.equal({
      commonName: 'jane',
      organizations: ['dev'],
      dnsNames: ['jane.example.com'],
      ipAddresses: [Buffer.from([10, 0, 0, 7])],
    });
  });

  it('are refused when somebody changed them', () => {
    const der = Buffer.from(testRequestPem.replace(/-----.*-----|\s/g, ''), 'base64');
    der[20] = (der[20] ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(() => parseCertificateRequest(Buffer.from(pem).toString('base64'))).to.throw('not signed with its own key');
  });

  it('are signed once they are approved', async () => {
    await using cluster = await startTestCluster();
    await approved(cluster, { usages: ['client auth', 'digital signature'], expirationSeconds: 3600 });
    const signed = await cluster.until(
      'a certificate',
      async () => (await cluster.get(CertificateSigningRequests, 'jane'))?.status?.certificate,
    );
    const certificate = new X509Certificate(Buffer.from(signed, 'base64'));
    const authority = new X509Certificate(testSigning.caCertificatePem);
    expect(certificate.checkIssued(authority)).to.equal(true);
    expect(certificate.verify(authority.publicKey)).to.equal(true);
    expect(certificate.subject).to.equal('O=dev\nCN=jane');
    expect(certificate.subjectAltName).to.equal('DNS:jane.example.com, IP Address:10.0.0.7');
    expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).to.equal(false);
    const lasts = Date.parse(certificate.validTo) - Date.parse(certificate.validFrom);
    expect(lasts).to.be.within(3_600_000, 3_600_000 + 300_000 + 5000);
  });

  it('fail when they ask the signer for what it does not sign', async () => {
    await using cluster = await startTestCluster();
    await approved(cluster, { usages: ['server auth'] });
    const condition = await cluster.until('the failure', async () =>
      (await cluster.get(CertificateSigningRequests, 'jane'))?.status?.conditions?.find(
        ({ type }) => type === 'Failed',
      ),
    );
    expect(condition).to.include({
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    });
  });

  it('are cleaned up when their time is over', async () => {
    await using cluster = await startTestCluster();
    await approved(cluster, { usages: ['client auth'] });
    await cluster.until('a certificate', async () =>
      Boolean((await cluster.get(CertificateSigningRequests, 'jane'))?.status?.certificate),
    );
    await cluster.clock.advance(55 * 60_000);
    expect(await cluster.get(CertificateSigningRequests, 'jane')).not.to.equal(undefined);
    await cluster.clock.advance(10 * 60_000);
    await cluster.until('it gone', async () => !(await cluster.get(CertificateSigningRequests, 'jane')));
  });

  const hourMs = 3_600_000;
  const begin = Date.parse('2026-01-01T00:00:00Z');
  const condition = (type: string, hours: number) => ({
    type,
    status: 'True',
    lastUpdateTime: new Date(begin + hours * hourMs).toISOString(),
  });
  const certificate = Buffer.from(testSigning.caCertificatePem).toString('base64');
  const certificateEnd = Date.parse(new X509Certificate(testSigning.caCertificatePem).validTo);
  const late = (certificateEnd - begin) / hourMs;
  const kept: [what: string, status: CertificateSigningRequest['status'], hours: number][] = [
    ['nobody decided on', {}, 24],
    ['was denied', { conditions: [condition('Denied', 3)] }, 4],
    ['failed', { conditions: [condition('Approved', 1), condition('Failed', 3)] }, 4],
    ['was approved, without a certificate', { conditions: [condition('Approved', 1)] }, 25],
    ['has its certificate', { conditions: [condition('Approved', 1)], certificate }, 2],
    ['has a certificate that ended', { conditions: [condition('Approved', late)], certificate }, late],
    ['has a certificate that is none', { conditions: [condition('Approved', 1)], certificate: 'bm9uZQ==' }, 2],
    ['has only a condition of somebody else', { conditions: [condition('Seen', 1)] }, Number.POSITIVE_INFINITY],
  ];
  for (const [what, status, hours] of kept) {
    it(`are kept for ${hours} h where one ${what}`, () => {
      const metadata = { creationTimestamp: new Date(begin).toISOString() };
      expect(expiresAt({ metadata, status } as CertificateSigningRequest)).to.equal(begin + hours * hourMs);
    });
  }

  it('go into certificates as Go writes names: known attributes in their order, the last common name', () => {
    const value = (id: string, tag: number, text: string) => sequence(oid(id), writeDer(tag, Buffer.from(text)));
    const name = (...attributes: Uint8Array[]) =>
      readDer(sequence(...attributes.map((each) => writeDer(tags.set, each))))[0] as DerNode;
    const { encoded, ...who } = readSubject(
      name(
        value('2.5.4.3', tags.utf8String, 'first'),
        value('2.5.4.42', tags.utf8String, 'given'),
        value('2.5.4.10', tags.utf8String, 'zoé'),
        value('2.5.4.10', tags.bmpString, '\0b'),
        value('2.5.4.3', tags.utf8String, 'last'),
      ),
    );
    expect(who).to.deep.equal({ commonName: 'last', organizations: ['zoé', 'b'] });
    const again = sequence(
      writeDer(tags.set, value('2.5.4.10', tags.printableString, 'b'), value('2.5.4.10', tags.utf8String, 'zoé')),
      writeDer(tags.set, value('2.5.4.3', tags.printableString, 'last')),
    );
    expect(Buffer.from(encoded).toString('hex')).to.equal(Buffer.from(again).toString('hex'));
  });
});

describe('token secrets', () => {
  it('are filled for their account and go with it', async () => {
    await using cluster = await startTestCluster();
    const account = await cluster.create(ServiceAccounts, { metadata: { name: 'robot' } });
    await cluster.create(Secrets, {
      metadata: { name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
    });
    const data = await cluster.until('the token', async () => {
      const secret = await cluster.get(Secrets, 'robot-token');
      return secret?.data?.['token'] ? secret.data : undefined;
    });
    const [, claims = ''] = Buffer.from(data['token'] ?? '', 'base64')
      .toString()
      .split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).to.deep.equal({
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:test:robot',
      'kubernetes.io/serviceaccount/namespace': 'test',
      'kubernetes.io/serviceaccount/secret.name': 'robot-token',
      'kubernetes.io/serviceaccount/service-account.name': 'robot',
      'kubernetes.io/serviceaccount/service-account.uid': account.metadata?.uid,
    });
    expect(Buffer.from(data['ca.crt'] ?? '', 'base64').toString()).to.equal(testSigning.rootCaPem);
    await cluster.client.delete(ServiceAccounts, { namespace: 'test', name: 'robot' });
    await cluster.until('the secret gone', async () => !(await cluster.get(Secrets, 'robot-token')));
  });
});

describe('aggregated cluster roles', () => {
  it('have the rules of the roles they select', async () => {
    await using cluster = await startTestCluster();
    const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
    const selector = { matchLabels: { aggregate: 'yes' } };
    await cluster.create(ClusterRoles, {
      metadata: { name: 'all' },
      rules: [],
      aggregationRule: { clusterRoleSelectors: [selector] },
    });
    await cluster.create(ClusterRoles, {
      metadata: { name: 'b', labels: { aggregate: 'yes' } },
      rules: [rule('pods')],
    });
    await cluster.create(ClusterRoles, {
      metadata: { name: 'a', labels: { aggregate: 'yes' } },
      rules: [rule('nodes'), rule('pods')],
    });
    await cluster.until('the rules', async () => {
      const rules = (await cluster.get(ClusterRoles, 'all'))?.rules ?? [];
      return rules.map(({ resources }) => resources?.join()).join() === 'nodes,pods';
    });
  });
});
