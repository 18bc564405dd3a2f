import { expect } from 'chai';
import { skipBecause, upstreamObstacle } from '../support/index.ts';
import { judge, listedDifferences } from './listed.ts';
import { differencesReport } from './report.ts';
import { runDifferential } from './run-differential.ts';

const seed = '1';
const requests = 2000;
const groupsShown = 20;

describe('kube-apiserver and this API server, asked the same 2,000 generated requests', () => {
  before(function () {
    skipBecause(this, upstreamObstacle('etcd', 'kube-apiserver'));
  });

  it('answer the same but for what is listed, and nothing is listed that they agree on', async () => {
    const exchanges = await runDifferential({ seed, requests });
    const { unlisted, stale } = judge(exchanges, listedDifferences);
    expect(exchanges).to.have.length(requests);
    expect(differencesReport(unlisted, groupsShown)).to.equal('');
    expect(stale.map(({ reason }) => reason)).to.deep.equal([]);
  });
});
