import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureClusterPki } from './cluster-pki.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('cluster pki', () => {
  let directory: string;
  const now = Date.UTC(2026, 0, 1);
  const make = (servingNames: string[], at = now) => ensureClusterPki({ directory, servingNames, now: at });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-pki-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('makes leaves that the authority signed, with their names and organizations', async () => {
    const pki = await make(['localhost', '127.0.0.1']);
    const authority = new X509Certificate(pki.authority.certificate);
    const serving = new X509Certificate(pki.serving.certificate);
    const admin = new X509Certificate(pki.admin.certificate);
    expect(serving.verify(authority.publicKey)).to.equal(true);
    expect(serving.subjectAltName).to.equal('DNS:localhost, IP Address:127.0.0.1');
    expect(admin.subject).to.equal('O=system:masters\nCN=kubernetes-admin');
    expect(new X509Certificate(pki.frontProxyClient.certificate).verify(authority.publicKey)).to.equal(false);
  });

  it('keeps every key of a cluster that starts again', async () => {
    const first = await make(['localhost']);
    const second = await make(['localhost'], now + dayMs);
    expect({ ...second, issue: undefined }).to.deep.equal({ ...first, issue: undefined });
  });

  it('makes a new serving certificate, and only that, for a new name', async () => {
    const first = await make(['localhost']);
    const second = await make(['localhost', '10.0.0.1']);
    expect(second.serving.certificate).not.to.equal(first.serving.certificate);
    expect(second.admin).to.deep.equal(first.admin);
  });

  it('renews leaves that end within a month and keeps the authority', async () => {
    const first = await make(['localhost']);
    const second = await make(['localhost'], now + 340 * dayMs);
    expect(second.admin.certificate).not.to.equal(first.admin.certificate);
    expect(second.authority).to.deep.equal(first.authority);
  });

  it('keeps private keys from other users', async () => {
    await make(['localhost']);
    for (const file of await readdir(directory)) {
      if (!file.endsWith('.key')) continue;
      expect((await stat(join(directory, file))).mode & 0o077, file).to.equal(0);
    }
  });
});
