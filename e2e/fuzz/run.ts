/**
 * `npm run fuzz`: requests that nobody should send, to this project's API server as a process of its own.
 *
 *     npm run fuzz -- [--count 100000] [--seed 1] [--first 0] [--failures FOLDER]
 *     npm run fuzz -- --replay FILE
 *
 * The seed and its number fix a request; one that the server answers with a bug is written to a file. Exits 1 when any did,
 * or when memory did not return to where it was.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replay, runCampaign } from './campaign.ts';
import { deserialize, serialize } from './fuzz-request.ts';
import { grownTooFar, reportText } from './report.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    failures: { type: 'string', default: '.cache/fuzz' },
    replay: { type: 'string' },
  },
});

if (values.replay !== undefined) {
  console.log(JSON.stringify(await replay(deserialize(readFileSync(values.replay, 'utf8'))), null, 2));
} else {
  mkdirSync(values.failures, { recursive: true });
  const report = await runCampaign({
    seed: Number(values.seed),
    first: Number(values.first),
    count: Number(values.count),
    onFailure: ({ request, complaint, told }) => {
      const file = join(values.failures, `seed-${values.seed}-number-${request.number}.json`);
      writeFileSync(file, serialize(request));
      writeFileSync(file.replace(/json$/, 'txt'), [complaint, ...told].join('\n'));
      console.log(`${file} (${request.family}): ${complaint.slice(0, 300)}`);
    },
    onProgress: (made) => console.log(`${made} requests`),
  });
  console.log(reportText(report));
  process.exitCode = report.failures.length > 0 || grownTooFar(report) ? 1 : 0;
}
