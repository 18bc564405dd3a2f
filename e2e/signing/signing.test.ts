import { expect } from 'chai';
import { type ApiCaller, referenceObstacle, startedBefore } from '../support/index.ts';
import { bindRequesters, startControlPlanes } from './control-planes.ts';
import { ask, outcomeOf, type SigningOutcome } from './outcome.ts';
import { requestPem, type SigningCase, signingCases } from './requests.ts';

describe('certificates for requests, as kube-controller-manager signs them', () => {
  /** Of those that were not taken. */
  const refused = new Map<
    SigningCase,
    readonly [own: SigningOutcome | undefined, reference: SigningOutcome | undefined]
  >();

  const planes = startedBefore(startControlPlanes, {
    obstacle: () => referenceObstacle('kube-controller-manager', 'kube-scheduler'),
    async prepare({ own, reference }) {
      for (const admin of [own, reference]) await bindRequesters(admin);
      for (const each of signingCases) {
        const pem = await requestPem(each);
        refused.set(each, [await ask(own, each, pem), await ask(reference, each, pem)]);
      }
    },
  });

  const last = signingCases.toSorted((a, b) => Number(a.outcome === 'untouched') - Number(b.outcome === 'untouched'));
  // Those that nothing happens to are looked at when something has happened to all others.
  for (const each of last) {
    it(`${each.name}: ${each.outcome}`, async () => {
      const { own, reference } = planes();
      const [ours, theirs] = refused.get(each) ?? [];
      expect([ours === undefined, theirs === undefined]).to.deep.equal(Array(2).fill(each.outcome !== 'refused'));
      const upstream = theirs ?? (await outcomeOf(reference, each));
      expect(ours ?? (await outcomeOf(own, each))).to.deep.equal(upstream);
      expect(upstream.certificate !== undefined).to.equal(each.outcome === 'signed');
    });
  }

  it('publishes the API server’s authority as a ClusterTrustBundle', async () => {
    const { own, reference } = planes();
    const [ours, theirs] = [await trustBundles(own), await trustBundles(reference)];
    expect(ours).to.deep.equal(theirs);
    expect(theirs).to.have.length(1);
  });
});

async function trustBundles(admin: ApiCaller): Promise<object[]> {
  const answer = await admin.call('/apis/certificates.k8s.io/v1/clustertrustbundles');
  const { items } = answer.json<{ items: { metadata: { name: string }; spec: object }[] }>();
  return items.map(({ metadata: { name }, spec }) => ({ name, spec }));
}
