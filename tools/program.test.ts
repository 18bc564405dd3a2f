import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { programEntry } from './program.mjs';

describe('the bundle of the command line', () => {
  let clone: string;
  beforeEach(async () => {
    clone = await realpath(await mkdtemp(join(tmpdir(), 'program-')));
    for (const folder of ['tools', 'cluster/src', 'client/src']) await mkdir(join(clone, folder), { recursive: true });
    await writeFile(join(clone, 'package-lock.json'), '{}');
    await writeFile(
      join(clone, 'package.json'),
      JSON.stringify({ type: 'module', workspaces: ['client', 'cluster', 'e2e'] }),
    );
    await writeFile(join(clone, 'tools/program.mjs'), '');
    await writeFile(
      join(clone, 'cluster/src/cli.ts'),
      "import { said } from '../../client/src/said.ts'; console.log(said);",
    );
    await write("'hello'");
  });
  afterEach(() => rm(clone, { recursive: true }));

  const write = (said: string) => writeFile(join(clone, 'client/src/said.ts'), `export const said: unknown = ${said};`);
  const complaints: string[] = [];
  const entry = () => programEntry(clone, (problem) => complaints.push(problem));
  const said = async () => execFileSync(process.execPath, [await entry()], { encoding: 'utf8' }).trim();

  it('is made once, and again when a source changes', async () => {
    const first = await entry();
    expect(first).to.match(/cli\.js$/);
    expect(await entry()).to.equal(first);
    expect(await said()).to.equal('hello');
    await write("'good morning'");
    expect(await entry()).not.to.equal(first);
    expect(await said()).to.equal('good morning');
  });

  it('finds what lies beside a source', async () => {
    await write("new URL('./beside.txt', import.meta.url).pathname + import.meta.dirname");
    expect(await said()).to.equal(join(clone, 'client/src/beside.txt') + join(clone, 'client/src'));
  });

  it('is one that was made meanwhile, where two make it at once', async () => {
    const [one, other] = await Promise.all([entry(), entry()]);
    expect(one).to.equal(other);
    expect(await readdir(join(clone, 'node_modules/.cache/program'))).to.have.length(1);
  });

  it('takes the place of those that nobody has started for a week, but for the newest', async () => {
    const bundles = join(clone, 'node_modules/.cache/program');
    const day = 24 * 60 * 60 * 1000;
    for (const [name, days] of Object.entries({ young: 6, older: 8, old: 9, stale: 10, stalest: 11, gone: 12 })) {
      await mkdir(join(bundles, name), { recursive: true });
      const started = new Date(Date.now() - days * day);
      await utimes(join(bundles, name), started, started);
    }
    const made = basename(dirname(await entry()));
    expect(await readdir(bundles)).to.have.members([made, 'young', 'older', 'old', 'stale']);
  });

  it('is left out where it cannot be made: the sources are run, and say what is wrong', async () => {
    complaints.length = 0;
    await write('');
    expect(await entry()).to.equal(join(clone, 'cluster/src/cli.ts'));
    expect(complaints.join()).to.match(/^the program could not be bundled, .*said\.ts:1/s);
  });

  it('is left out where nothing can be written', async () => {
    complaints.length = 0;
    await writeFile(join(clone, 'node_modules'), 'in the way');
    expect(await said()).to.equal('hello');
    expect(complaints.join()).to.match(/^the program could not be bundled, .*ENOTDIR/);
  });
});
