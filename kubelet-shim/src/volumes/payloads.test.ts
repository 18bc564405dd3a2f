import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import type { Payload } from './atomic-writer.ts';
import { configMapPayload, type PayloadSources, projectedPayload, secretPayload } from './payloads.ts';

const sources: PayloadSources = {
  pod: podOf({ containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] }, { labels: { b: '2', a: 'x"y' } }),
  configMap: async (name) => (name === 'cm' ? { data: { k: 'v' }, binaryData: { bin: 'AAE=' } } : undefined),
  secret: async (name) => (name === 's' ? { data: { p: Buffer.from('pw').toString('base64') } } : undefined),
  token: async ({ audience = 'api' }) => `token for ${audience}`,
  trustBundle: async () => 'anchors',
  certificate: async (_, place) => ({ key: 'KEY\n', chain: `CHAIN of ${place}\n` }),
  allocatable: {},
};

const show = (payload: Payload) =>
  Object.fromEntries(
    [...payload].map(([path, { data, mode }]) => [path, `${Buffer.from(data).toString()} ${mode.toString(8)}`]),
  );

describe('payloads', () => {
  it('of a ConfigMap are all keys, binary ones too', async () => {
    expect(show(await configMapPayload({ name: 'cm' }, sources))).to.deep.equal({ k: 'v 644', bin: '\0\x01 644' });
  });

  it('or the chosen ones under other names', async () => {
    const items = [{ key: 'k', path: 'x/y', mode: 0o400 }];
    expect(show(await configMapPayload({ name: 'cm', items, defaultMode: 0o600 }, sources))).to.deep.equal({
      'x/y': 'v 400',
    });
  });

  for (const [what, payload, message] of [
    ['ConfigMap', () => configMapPayload({ name: 'no' }, sources), 'configmap "no" not found'],
    ['Secret', () => secretPayload({ name: 'no' }, sources), 'secret "no" not found'],
    [
      'key',
      () => configMapPayload({ name: 'cm', items: [{ key: 'z', path: 'z' }] }, sources),
      'configmap references non-existent config key: z',
    ],
    [
      'secret key',
      () => secretPayload({ name: 's', items: [{ key: 'z', path: 'z' }] }, sources),
      'references non-existent secret key: z',
    ],
  ] as const) {
    it(`name a ${what} that is not there`, async () => {
      expect(await payload().catch((error: Error) => error.message)).to.equal(message);
    });
  }

  it('are empty where what is missing was optional', async () => {
    expect(show(await configMapPayload({ name: 'no', optional: true }, sources))).to.deep.equal({});
    expect(
      show(await secretPayload({ name: 's', optional: true, items: [{ key: 'z', path: 'z' }] }, sources)),
    ).to.deep.equal({});
  });

  const projection = {
    sources: [
      { serviceAccountToken: { path: 'token', audience: 'vault' } },
      { configMap: { name: 'cm' } },
      {
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
          ],
        },
      },
    ],
  };

  it('of several sources lie side by side', async () => {
    expect(show(await projectedPayload(projection, sources))).to.include({
      token: 'token for vault 644',
      k: 'v 644',
      labels: 'a="x\\"y"\nb="2" 644',
      cpu: '2 644',
    });
  });

  it("keep the token to the pod's own user", async () => {
    const payload = await projectedPayload(projection, { ...sources, fsUser: 1000 });
    expect(payload.get('token')).to.include({ mode: 0o600, user: 1000 });
  });

  it('of certificates have the key before the chain', async () => {
    const podCertificate = {
      signerName: 's/x',
      keyType: 'ED25519',
      credentialBundlePath: 'bundle.pem',
      keyPath: 'key.pem',
    };
    const made = show(await projectedPayload({ sources: [{ podCertificate }] }, sources, 'v'));
    expect(made).to.deep.equal({ 'bundle.pem': 'KEY\nCHAIN of v/0\n 644', 'key.pem': 'KEY\n 644' });
  });

  it('name everything that is missing at once', async () => {
    const both = { sources: [{ configMap: { name: 'no' } }, { secret: { name: 'nor' } }] };
    const message = await projectedPayload(both, sources).catch((error: Error) => error.message);
    expect(message).to.equal('[configmap "no" not found, secret "nor" not found]');
  });
});
