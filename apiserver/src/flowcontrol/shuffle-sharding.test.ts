import { expect } from 'chai';
import { dealHand, hashOfFlow } from './shuffle-sharding.ts';

describe('shuffle sharding', () => {
  it('deals every card of a deck once', () => {
    for (let hash = 0n; hash < 24n; hash++) expect(dealHand(hash, 4, 4).sort()).to.deep.equal([0, 1, 2, 3]);
  });

  // What upstream's server chooses for the same flows.
  const flows = [
    { schema: 'global-default', user: 'alice', queues: 128, hand: [55, 62, 126, 125, 105, 1] },
    { schema: 'service-accounts', user: 'system:serviceaccount:a:b', queues: 128, hand: [55, 113, 71, 36, 27, 19] },
    { schema: 'system-leader-election', user: 'system:kube-scheduler', queues: 16, hand: [10, 15, 8, 13] },
  ];
  for (const { schema, user, queues, hand } of flows) {
    it(`gives ${user} of ${schema} its queues`, () => {
      expect(dealHand(hashOfFlow(schema, user), queues, hand.length)).to.deep.equal(hand);
    });
  }
});
