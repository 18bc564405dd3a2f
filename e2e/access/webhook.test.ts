import { expect } from 'chai';
import { describeTable } from './testing/describe-table.ts';
import { webhookSections } from './table-webhook.ts';
import { startedBefore } from '../support/index.ts';
import { startWebhookChain } from './webhook-chain.ts';

describe('webhooks that decide', () => {
  const chain = startedBefore(startWebhookChain);

  describeTable('who may do what', webhookSections, () => {
    const { configFile, policyFile } = chain();
    return {
      access: { authorization: { configFile: configFile('own'), policyFile } },
      flags: [`--authorization-config=${configFile('reference')}`, `--authorization-policy-file=${policyFile}`],
    };
  });

  describe('after all that', () => {
    it('both servers have asked the same, as often', function () {
      const [own, reference] = [chain().asked('own'), chain().asked('reference')];
      if (reference.length === 0) return this.skip();
      expect(own).to.deep.equal(reference);
    });
  });
});
