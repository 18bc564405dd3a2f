/**
 * `npm run differential`: asks kube-apiserver and this project's API server the same generated requests and prints where they
 * differ. Options: --seed TEXT, --requests N, --kind TEXT (part of `apiVersion kind`), --output FILE (every difference, as JSON).
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { judge, listedDifferences } from './listed.ts';
import { differencesReport } from './report.ts';
import { runDifferential } from './run-differential.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '2000' },
    kind: { type: 'string', default: '' },
    output: { type: 'string' },
  },
});
const started = performance.now();
const exchanges = await runDifferential({ seed: values.seed, requests: Number(values.requests), kind: values.kind });
const { agreeing, listed, unlisted, stale } = judge(exchanges, listedDifferences);
if (values.output !== undefined) await writeFile(values.output, JSON.stringify(unlisted, undefined, 1));
console.log(differencesReport(unlisted));
for (const { reason } of stale) console.log(`no request shows: ${reason}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  `\n${exchanges.length} requests: ${agreeing} agree, ${listed} differ as listed, ${unlisted.length} differ (${seconds} s)`,
);
process.exit(unlisted.length === 0 ? 0 : 1);
