import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository, skipBecause, startTestCluster, type TestCluster, upstreamObstacle } from '../support/index.ts';

describe('hollow nodes', function () {
  let cluster: TestCluster;

  before(async function () {
    skipBecause(this, upstreamObstacle('kubectl'));
    cluster = await startTestCluster({ runtime: 'hollow', flags: ['--hollow-image', 'nginx:1.29'] });
  });
  after(async () => cluster?.[Symbol.asyncDispose]());

  const run = (name: string, ...args: readonly string[]) => cluster.kubectl('run', name, '--restart=Never', ...args);
  const until = (name: string, condition: string) =>
    cluster.kubectl('wait', `pod/${name}`, `--for=${condition}`, '--timeout=60s');

  it('have pods that answer through the API server', async () => {
    await run('web', '--image=nginx:1.29', '--port=80');
    await until('web', 'condition=Ready');
    expect(await cluster.kubectl('get', '--raw', '/api/v1/namespaces/default/pods/web/proxy/')).to.equal('web');
  });
  it('end a container as its command says', async () => {
    await run('fails', '--image=nginx:1.29', '--command', '--', 'sh', '-c', 'sleep 1; exit 3');
    await until('fails', 'jsonpath={.status.phase}=Failed');
    const exitCode = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    expect(await cluster.kubectl('get', 'pod', 'fails', '-o', exitCode)).to.equal('3');
  });
  it('do not find an image that was not named', async () => {
    await run('typo', '--image=nginx:1.92');
    await until('typo', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull');
  });
  it('say why there are no logs', async () => {
    const { code, stderr } = await cluster.tryKubectl(['logs', 'web']);
    expect(code).to.equal(1);
    expect(stderr).to.contain('hollow nodes only pretend to run containers');
  });
});

describe('the command of a clone', () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`ends after the cluster that it runs, told so by ${signal}`, async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'coracle-signal-'));
      const flags = [
        '--runtime',
        'hollow',
        '--port',
        '0',
        '--data-dir',
        dataDir,
        '--kubeconfig',
        join(dataDir, 'config'),
      ];
      const command = spawn(join(repository, 'coracle'), ['up', ...flags]);
      let said = '';
      const ready = new Promise<void>((resolve, reject) => {
        command.once('exit', () => reject(new Error(said)));
        command.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes('Running: Ctrl-C stops it')) resolve();
        });
      });
      await ready;
      const ended = once(command, 'exit');
      command.kill(signal);
      expect(await ended).to.deep.equal([0, null]);
      expect(said).to.match(/✓ Stopping/);
      await rm(dataDir, { recursive: true });
    });
  }
});
