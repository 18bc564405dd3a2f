import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { initProgram } from './init-program.ts';
import { childProcesses } from './processes.ts';

describe('the init program', () => {
  it('is an executable for each architecture', () => {
    expect(initProgram('x64').readUInt16LE(18)).to.equal(62);
    expect(initProgram('arm64').readUInt16LE(18)).to.equal(183);
    expect(initProgram('x64').length).to.be.lessThan(400);
  });

  describe('on this machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coracle-init-'));
    const program = join(folder, 'init');
    before(function () {
      if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) this.skip();
      writeFileSync(program, initProgram(process.arch as 'x64'), { mode: 0o755 });
    });
    after(() => rmSync(folder, { recursive: true }));

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`sleeps until ${signal} and exits with 0`, async () => {
        const child = spawn(program);
        const ended = new Promise((resolve) => child.on('exit', (code, by) => resolve([code, by])));
        await new Promise((resolve) => child.on('spawn', resolve));
        while (!readFileSync(`/proc/${child.pid}/status`, 'utf8').includes('S (sleeping)')) continue;
        child.kill(signal);
        expect(await ended).to.deep.equal([0, null]);
      });
    }

    it('collects orphans when it is process 1', async function () {
      if (process.getuid?.() !== 0 || spawnSync('unshare', ['--version']).error) this.skip();
      const outer = spawn('unshare', ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', program]);
      await new Promise((resolve) => outer.on('spawn', resolve));
      let inner: number | undefined;
      while (inner === undefined || !readFileSync(`/proc/${inner}/comm`, 'utf8').startsWith('init'))
        [inner] = await childProcesses(outer.pid ?? 0);
      const inside = (script: string) =>
        spawnSync('nsenter', ['-t', String(inner), '-m', '-p', 'sh', '-c', script], { encoding: 'utf8' }).stdout;
      // A child that ends before its own child leaves it to process 1; a zombie would stay in the list.
      inside('(sleep 0.05 &)');
      inside('sleep 0.1');
      const list = inside('cat /proc/[0-9]*/stat');
      outer.kill('SIGKILL');
      expect(list).to.contain('1 (init)').and.not.contain('sleep');
    });
  });
});
