import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVirtualClock } from '@coracle/client/testing';
import { expect } from 'chai';
import { ConfigError } from '../config/cluster-config.ts';
import { type ClusterState, DataDirectory, processStart } from './data-directory.ts';

describe('data directory', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'coracle-data-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  let directory: DataDirectory;
  let own: ClusterState;
  beforeEach(async () => {
    directory = new DataDirectory(path);
    own = {
      name: 'one',
      pid: process.pid,
      processStart: await processStart(process.pid),
      url: 'https://127.0.0.1:6443',
      runtime: 'hollow',
      phase: 'ready',
      startedAt: '2026-01-01T00:00:00Z',
      kubeconfig: '/root/.kube/config',
      pools: { nodeGroups: ['ng-1'], fargateSelectors: [] },
    };
  });

  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('is held by one process at a time and names the holder', async () => {
    const lock = await new DataDirectory(path).lock('one');
    const error = await refusal(new DataDirectory(path).lock('one'));
    expect(error).to.be.instanceOf(ConfigError);
    expect(String(error)).to.contain(`in use by process ${process.pid}`);
    await lock.release();
    await (await new DataDirectory(path).lock('one')).release();
  });

  it('names commands only a holder that they may stop', async () => {
    for (const stoppable of [true, false]) {
      const lock = await directory.lock('one', stoppable);
      expect(await directory.holder()).to.include({ pid: process.pid, stoppable });
      const error = String(await refusal(directory.lock('one')));
      expect(error.includes('"coracle down --name one" stops it')).to.equal(stoppable);
      await lock.release();
      expect(await directory.holder()).to.equal(undefined);
    }
  });

  it('is taken over from a process that died, even if its id was reused', async () => {
    await writeFile(join(path, 'coracle.lock'), JSON.stringify({ pid: process.pid, processStart: '1' }));
    await (await new DataDirectory(path).lock('one')).release();
  });

  it('refuses a folder with files of somebody else', async () => {
    await writeFile(join(path, 'thesis.txt'), 'years of work');
    expect(String(await refusal(new DataDirectory(path).lock('one')))).to.contain('not a cluster');
  });

  it('is not made where none can be, and an existing file is no folder', async () => {
    await writeFile(join(path, 'file'), '');
    for (const wrong of ['/proc/x', join(path, 'file')]) {
      const error = await refusal(new DataDirectory(wrong).make());
      expect(error).to.be.instanceOf(ConfigError);
      expect(String(error)).to.contain(`--data-dir: cannot make the folder ${wrong}: `);
    }
  });

  it('takes a process whose remains nobody collects for ended', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 100']);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    while ((await processStart(Number(line.toString()))) !== '') await new Promise((resolve) => setImmediate(resolve));
    const text = await readFile(`/proc/${Number(line.toString())}/stat`, 'utf8');
    parent.kill('SIGKILL');
    expect(text).to.match(/\) Z /);
  });

  it('is lost when somebody deletes it, or another process begins a cluster there', async () => {
    const clock = createVirtualClock();
    for (const lose of [
      () => rm(path, { recursive: true }),
      () => directory.writeState({ ...own, pid: own.pid + 1 }),
    ]) {
      await mkdir(path, { recursive: true });
      await directory.writeState(own);
      let isLost = false;
      const lost = directory.lost(clock, new AbortController().signal).then(() => (isLost = true));
      while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
      expect(isLost).to.equal(false);
      await lose();
      await clock.advance(10_000);
      await lost;
    }
  });

  it('tells the state of a live process from that of a dead one', async () => {
    await directory.writeState(own);
    expect(await directory.runningState()).to.deep.equal(own);
    await directory.writeState({ ...own, processStart: '1' });
    expect(await directory.runningState()).to.equal(undefined);
    expect(await directory.readState()).to.include({ name: 'one' });
  });
});
