import { type Believers, startBelievers } from './believers.ts';
import { believerSections } from './table-believers.ts';
import { describeTable } from './testing/describe-table.ts';

describe('issuers, a webhook and a proxy that are believed', () => {
  let believers: Believers;
  before(async () => {
    believers = await startBelievers();
  });
  after(() => believers[Symbol.asyncDispose]());

  describeTable('who is who', believerSections, () => {
    const { configFile, webhookFile } = believers;
    const webhook = { configFile: webhookFile, version: 'v1' as const, cacheTtlMs: 120_000 };
    return {
      access: { authentication: { configFile, webhook } },
      flags: [
        `--authentication-config=${configFile}`,
        `--authentication-token-webhook-config-file=${webhookFile}`,
        '--authentication-token-webhook-version=v1',
      ],
      credentials: (keys) => believers.credentials(keys),
    };
  });
});
