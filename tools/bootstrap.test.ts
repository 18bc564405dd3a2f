import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);

/** Fails where another one is at work; `$PWD` is the clone. */
const npm = `#!/bin/sh
mkdir -p node_modules && mkdir node_modules/at-work || exit 1
echo installed >> installs
sleep 0.3
rmdir node_modules/at-work
`;

describe('the door of a clone', () => {
  let clone: string;
  beforeEach(async () => {
    clone = await mkdtemp(join(tmpdir(), 'clone-'));
    // Without a bundler: the command line runs from its source then.
    for (const folder of ['tools', 'bin', 'cluster/src']) await mkdir(join(clone, folder), { recursive: true });
    for (const file of ['bootstrap.mjs', 'program.mjs'])
      await copyFile(join(import.meta.dirname, file), join(clone, 'tools', file));
    await writeFile(join(clone, 'package-lock.json'), '{}');
    await writeFile(
      join(clone, 'package.json'),
      JSON.stringify({ type: 'module', workspaces: ['client', 'cluster', 'e2e'] }),
    );
    await writeFile(join(clone, 'cluster/src/cli.ts'), 'console.log(process.argv.slice(2).join())');
    await writeFile(join(clone, 'bin/npm'), npm);
    await chmod(join(clone, 'bin/npm'), 0o755);
  });
  afterEach(() => rm(clone, { recursive: true }));

  const coracle = async (argument: string) => {
    const env = { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH']}` };
    const door = join(clone, 'tools/bootstrap.mjs');
    return (await run(process.execPath, [door, 'coracle', argument], { env })).stdout.trim();
  };

  it('installs once, though two come at the same time', async () => {
    expect(await Promise.all([coracle('a'), coracle('b')])).to.deep.equal(['a', 'b']);
    expect(await readFile(join(clone, 'installs'), 'utf8')).to.equal('installed\n');
  });

  it('does not wait for one that was killed while it installed', async () => {
    await writeFile(join(clone, '.installing'), '4194304');
    expect(await coracle('a')).to.equal('a');
  });
});
