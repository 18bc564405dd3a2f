import { expect } from 'chai';
import { skipBecause, upstreamObstacle } from '../support/index.ts';
import { compareCel } from './compare.ts';

describe('kube-apiserver and this API server, told the same rules, policies and objects in CEL', () => {
  before(function () {
    skipBecause(this, upstreamObstacle('etcd', 'kube-apiserver'));
  });

  it('answer the same, to the letter', async () => {
    const { asked, disagreements } = await compareCel();
    expect(asked).to.be.at.least(521);
    expect(disagreements).to.deep.equal([]);
  });
});
