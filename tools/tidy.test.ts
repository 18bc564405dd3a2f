import { expect } from 'chai';
import { checkFile } from './tidy.ts';

describe('tidy', () => {
  const cases: [name: string, path: string, text: string, breaches: string[]][] = [
    ['lets a plain file pass', 'client/src/rest/client.ts', 'export const a = 1;\n', []],
    [
      'refuses a default export',
      'client/src/a.ts',
      'export default 1;',
      ['client/src/a.ts:1: no default exports: a name is the same everywhere'],
    ],
    [
      'refuses the system clock',
      'client/src/a.ts',
      'const t = Date.now();',
      ['client/src/a.ts:1: time and randomness come in through Clock and Random'],
    ],
    ['lets the clock door touch Date', 'apimachinery/src/clock/system-clock.ts', 'Date.now()', []],
    ['lets a test wait', 'client/src/a.test.ts', 'setTimeout(f, 1)', []],
    ['refuses any', 'client/src/a.ts', 'const a = b as any;', ['client/src/a.ts:1: no any: say unknown and narrow it']],
    ['wants kebab-case', 'client/src/aB.ts', '', ['client/src/aB.ts: file names are kebab-case']],
    ['wants short files', 'client/src/a.ts', '\n'.repeat(600), ['client/src/a.ts: 601 lines, at most 600']],
  ];
  for (const [name, path, text, breaches] of cases) {
    it(name, () => expect(checkFile({ path, text })).to.deep.equal(breaches));
  }
});
