import type { ConfigMap } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { TestCertificates } from '../auth/testing/index.ts';
import type { Writers } from '../registry/readers.ts';
import { shareAuthentication } from './shared-authentication.ts';

describe('what aggregated servers are told of authentication', () => {
  const certificates = new TestCertificates();

  /** What the ConfigMap says after this server has added its authority to what is there. */
  async function told(present: string, own: string): Promise<string | undefined> {
    let data: ConfigMap['data'] = { 'client-ca-file': present };
    const writers = {
      create: async () => undefined,
      update: async (_resource: unknown, _key: unknown, change: (copy: ConfigMap) => ConfigMap | undefined) => {
        data = change({ data: { ...data } })?.data ?? data;
      },
    };
    await shareAuthentication(writers as unknown as Writers, { clientAuthorities: [own], requestHeader: undefined });
    return data?.['client-ca-file'];
  }

  it('keeps what was there, and replaces what cannot be read', async () => {
    const [mine, other] = [String(await certificates.create('mine')), String(await certificates.create('other'))];
    expect(await told(other, mine)).to.equal(other + mine);
    expect(await told(mine, mine)).to.equal(mine);
    expect(await told('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', mine)).to.equal(mine);
  });
});
