// Mocha's dots, and the counts of every run appended to the file in CORACLE_TEST_COUNTS, one JSON line a package.
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const file = process.env.CORACLE_TEST_COUNTS;
      if (!file) return;
      const { passes, failures, pending } = this.stats;
      const counts = { name: basename(process.cwd()), passed: passes, failed: failures, skipped: pending };
      appendFileSync(file, `${JSON.stringify(counts)}\n`);
    });
  }
}
