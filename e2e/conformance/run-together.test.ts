import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { runTogether } from './run-together.ts';

/** Ends a little after it is told to stop, and says so. */
async function untilStopped(stop: AbortSignal, say: (text: string) => void): Promise<void> {
  if (!stop.aborted) await once(stop, 'abort');
  await new Promise((resolve) => setImmediate(resolve));
  say('cleaned up');
}

/** A process that runs such a task, and says so. */
const parent = `
  import { once } from 'node:events';
  import { runTogether } from ${JSON.stringify(join(import.meta.dirname, 'run-together.ts'))};
  const alive = setInterval(() => {}, 1000);
  ${untilStopped.toString()}
  const task = (stop) => {
    console.log('runs');
    return untilStopped(stop, console.log);
  };
  await runTogether([task]);`;

describe('parts of a run that go on at the same time', () => {
  it('give their results in their own order', async () => {
    const later = () => new Promise<number>((resolve) => setImmediate(() => resolve(1)));
    expect(await runTogether([later, async () => 2])).to.deep.equal([1, 2]);
  });

  it('are stopped by the first that fails, and waited for', async () => {
    const said: string[] = [];
    const fails = async () => {
      throw new Error('no room');
    };
    const outcome = await runTogether([(stop) => untilStopped(stop, (text) => said.push(text)), fails]).catch(String);
    expect([outcome, said]).to.deep.equal(['Error: no room', ['cleaned up']]);
  });

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`are stopped by ${signal}, and waited for`, async () => {
      const started = spawn(process.execPath, ['--input-type=module', '-e', parent]);
      let said = '';
      started.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await once(started.stdout, 'data');
      const exit = once(started, 'exit');
      started.kill(signal);
      expect(await exit).to.deep.equal([code, null]);
      expect(said).to.equal('runs\ncleaned up\n');
    });
  }
});
