import { expect } from 'chai';
import { describeTable } from './testing/describe-table.ts';
import { webhookSections } from './table-webhook.ts';
import { startWebhookChain, type WebhookChain } from './webhook-chain.ts';

describe('webhooks that decide', () => {
  let chain: WebhookChain;
  before(async () => {
    chain = await startWebhookChain();
  });
  after(() => chain[Symbol.asyncDispose]());

  describeTable('who may do what', webhookSections, () => {
    const { policyFile } = chain;
    return {
      access: { authorization: { configFile: chain.configFile('own'), policyFile } },
      flags: [`--authorization-config=${chain.configFile('reference')}`, `--authorization-policy-file=${policyFile}`],
    };
  });

  describe('after all that', () => {
    it('both servers have asked the same, as often', function () {
      if (chain.asked('reference').length === 0) return this.skip();
      expect(chain.asked('own')).to.deep.equal(chain.asked('reference'));
    });
  });
});
