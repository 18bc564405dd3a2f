import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { repository, runProgram, startedBefore, startTestCluster, upstreamObstacle } from '../support/index.ts';

describe('hollow nodes', function () {
  const cluster = startedBefore(
    () => startTestCluster({ runtime: 'hollow', flags: ['--hollow-image', 'nginx:1.29'] }),
    { obstacle: () => upstreamObstacle('kubectl') },
  );

  const run = (name: string, ...args: readonly string[]) => cluster().kubectl('run', name, '--restart=Never', ...args);
  const until = (name: string, condition: string) =>
    cluster().kubectl('wait', `pod/${name}`, `--for=${condition}`, '--timeout=60s');

  it('have pods that answer through the API server', async () => {
    await run('web', '--image=nginx:1.29', '--port=80');
    await until('web', 'condition=Ready');
    expect(await cluster().kubectl('get', '--raw', '/api/v1/namespaces/default/pods/web/proxy/')).to.equal('web');
  });
  it('end a container as its command says', async () => {
    await run('fails', '--image=nginx:1.29', '--command', '--', 'sh', '-c', 'sleep 1; exit 3');
    await until('fails', 'jsonpath={.status.phase}=Failed');
    const exitCode = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    expect(await cluster().kubectl('get', 'pod', 'fails', '-o', exitCode)).to.equal('3');
  });
  it('do not find an image that was not named', async () => {
    await run('typo', '--image=nginx:1.92');
    await until('typo', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull');
  });
  it('say why there are no logs', async () => {
    const { code, stderr } = await cluster().tryKubectl(['logs', 'web']);
    expect(code).to.equal(1);
    expect(stderr).to.contain('hollow nodes only pretend to run containers');
  });
});

/** `coracle up` in a folder of its own, once it has said `text`. */
async function startUp(text: string, ...more: readonly string[]) {
  const dataDir = await mkdtemp(join(tmpdir(), 'coracle-signal-'));
  const place = ['--data-dir', dataDir, '--kubeconfig', join(dataDir, 'config')];
  const command = spawn(join(repository, 'coracle'), ['up', '--runtime', 'hollow', '--port', '0', ...place, ...more]);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    command.once('exit', () => reject(new Error(said)));
    command.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(text)) resolve();
    });
  });
  return {
    /** Its exit code, and what it has said, once the signal has ended it. */
    async end(signal: NodeJS.Signals) {
      const ended = once(command, 'exit');
      command.kill(signal);
      const [code] = await ended;
      return { code, said };
    },
    status: () => runProgram(join(repository, 'coracle'), ['status', '--data-dir', dataDir]),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true }),
  };
}

describe('the command of a clone', () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`ends after the cluster that it runs, told so by ${signal}`, async () => {
      await using up = await startUp('Running: Ctrl-C stops it');
      const { code, said } = await up.end(signal);
      expect(code).to.equal(0);
      expect(said).to.match(/✓ Stopping/);
    });
  }

  it('leaves no cluster that goes on starting, told to end before it is ready', async () => {
    await using up = await startUp('✓ Loading the program', '--detach');
    const { code, said } = await up.end('SIGTERM');
    expect(code).to.equal(2);
    expect(said).to.match(/stopped before the cluster was ready\n$/);
    expect((await up.status()).stdout).to.match(/is not running/);
  });
});
