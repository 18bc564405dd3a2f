import { ClusterTrustBundles } from '@coracle/apimachinery/resources';
import { expect } from 'chai';
import { startTestCluster, testSigning } from '../testing/index.ts';

const signerName = 'kubernetes.io/kube-apiserver-serving';
/** The first twelve bytes of the digest of the authority. */
const name = 'kubernetes.io:kube-apiserver-serving:4049fede2ae8075404cb64d3';

describe('the bundle of the API server’s authority', () => {
  it('is kept as it is, alone of its signer', async () => {
    await using cluster = await startTestCluster();
    const bundle = async (which: string) => (await cluster.get(ClusterTrustBundles, which))?.spec;
    await cluster.until('the bundle', async () => Boolean(await bundle(name)));
    expect(await bundle(name)).to.deep.equal({ signerName, trustBundle: testSigning.rootCaPem });

    const make = (other: string, signer: string) =>
      cluster.create(ClusterTrustBundles, {
        metadata: { name: other },
        spec: { signerName: signer, trustBundle: testSigning.rootCaPem },
      });
    await make('kubernetes.io:kube-apiserver-serving:older', signerName);
    await make('example.com:signer:a', 'example.com/signer');
    const current = await cluster.get(ClusterTrustBundles, name);
    const spec = { signerName, trustBundle: testSigning.rootCaPem.trimEnd() };
    await cluster.client.update(ClusterTrustBundles, { ...current, spec } as NonNullable<typeof current>);
    await cluster.until('it is as it was', async () => (await bundle(name))?.trustBundle === testSigning.rootCaPem);
    await cluster.until('the older gone', async () => !(await bundle('kubernetes.io:kube-apiserver-serving:older')));
    expect(await bundle('example.com:signer:a')).not.to.equal(undefined);

    await cluster.client.delete(ClusterTrustBundles, { name });
    await cluster.until('it is there again', async () => Boolean(await bundle(name)));
  });
});
