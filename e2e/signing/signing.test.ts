import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ApiCaller, referenceObstacle, skipBecause, toolsFolder } from '../support/index.ts';
import { bindRequesters, type ControlPlanes, startControlPlanes } from './control-planes.ts';
import { ask, outcomeOf, type SigningOutcome } from './outcome.ts';
import { requestPem, type SigningCase, signingCases } from './requests.ts';

const obstacle = () =>
  referenceObstacle() ??
  (['kube-controller-manager', 'kube-scheduler'].every((name) => existsSync(join(toolsFolder, name)))
    ? undefined
    : 'kube-controller-manager and kube-scheduler are not built');

describe('certificates for requests, as kube-controller-manager signs them', () => {
  let planes: ControlPlanes | undefined;
  /** Of those that were not taken. */
  const refused = new Map<
    SigningCase,
    readonly [own: SigningOutcome | undefined, reference: SigningOutcome | undefined]
  >();

  before(async function () {
    const reason = obstacle();
    if (reason !== undefined) return skipBecause(this, reason);
    planes = await startControlPlanes();
    const { own, reference } = planes;
    for (const admin of [own, reference]) await bindRequesters(admin);
    for (const each of signingCases) {
      const pem = await requestPem(each);
      refused.set(each, [await ask(own, each, pem), await ask(reference, each, pem)]);
    }
  });
  after(() => planes?.[Symbol.asyncDispose]());

  const last = signingCases.toSorted((a, b) => Number(a.outcome === 'untouched') - Number(b.outcome === 'untouched'));
  // Those that nothing happens to are looked at when something has happened to all others.
  for (const each of last) {
    it(`${each.name}: ${each.outcome}`, async () => {
      const { own, reference } = planes as ControlPlanes;
      const [ours, theirs] = refused.get(each) ?? [];
      expect([ours === undefined, theirs === undefined]).to.deep.equal(Array(2).fill(each.outcome !== 'refused'));
      const upstream = theirs ?? (await outcomeOf(reference, each));
      expect(ours ?? (await outcomeOf(own, each))).to.deep.equal(upstream);
      expect(upstream.certificate !== undefined).to.equal(each.outcome === 'signed');
    });
  }

  it('publishes the API server’s authority as a ClusterTrustBundle', async () => {
    const { own, reference } = planes as ControlPlanes;
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
