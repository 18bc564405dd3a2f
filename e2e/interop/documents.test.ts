import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type ApiCaller,
  askBoth,
  mustRun,
  referenceObstacle,
  skipBecause,
  startedBefore,
  startServerPair,
  upstreamObstacle,
  upstreamProgram,
} from '../support/index.ts';
import { differences } from './differences.ts';
import { type Documents, readDiscovery, readOpenApi } from './documents.ts';
import { judge, type Listed } from './listed.ts';
import { defineWidgets, widgetsDocumented } from './widgets.ts';

const lists = JSON.parse(readFileSync(join(import.meta.dirname, 'listed-differences.json'), 'utf8')) as Readonly<
  Record<'discovery' | 'openapi', readonly Listed[]>
>;
const linesMax = 40;
const group = 'interop.example.com';

describe('what the server says of itself, beside kube-apiserver', () => {
  const servers = startedBefore(startServerPair, {
    obstacle: referenceObstacle,
    async prepare(pair) {
      await askBoth(pair, async (api) => {
        await defineWidgets(api, group);
        await widgetsDocumented(api, group);
      });
    },
  });

  async function agree(read: (api: ApiCaller) => Promise<Documents>, listed: readonly Listed[]) {
    const [expected, actual] = await askBoth(servers(), read);
    const found = differences(Object.fromEntries(expected), Object.fromEntries(actual));
    const { unlisted, stale } = judge(found, listed);
    expect(unlisted.slice(0, linesMax), `${unlisted.length} differences are not listed`).to.deep.equal([]);
    expect(stale, 'entries of listed-differences.json that no longer match').to.deep.equal([]);
  }

  it('discovery is the same but for what is listed', () => agree(readDiscovery, lists.discovery));

  it('kubectl reads the same fields from the protobuf document', async function () {
    skipBecause(this, upstreamObstacle('kubectl'));
    const args = ['explain', 'deployments', '--recursive', '--output', 'plaintext-openapiv2'];
    const [expected, actual] = await Promise.all(
      [servers().reference, servers().own].map(async ({ kubeconfig }) =>
        fieldsIn(await mustRun(upstreamProgram('kubectl'), ['--kubeconfig', kubeconfig, ...args])),
      ),
    );
    expect(expected).to.have.length.greaterThan(500);
    expect(actual).to.deep.equal(expected);
  });

  it('OpenAPI v2 and v3 are the same but for what is listed', () => agree(readOpenApi, lists.openapi));
});

/** `replicas	<integer>`, indented as deep as it is. */
function fieldsIn(explained: string): string[] {
  return explained.split('\n').filter((line) => /^ +\w+\t</.test(line));
}
