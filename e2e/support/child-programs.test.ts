import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from './eventually.ts';

/** A process that starts a program which ends never, prints its number, and waits. */
const parent = `
  import { ChildPrograms } from ${JSON.stringify(join(import.meta.dirname, 'child-programs.ts'))};
  const programs = new ChildPrograms('/dev/null');
  programs.start(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], '/');
  console.log(programs.pids[0]);
  setInterval(() => {}, 1000);`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('programs that a test has started', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`end with the process that started them, ended by ${signal}`, async () => {
      const started = spawn(process.execPath, ['--input-type=module', '-e', parent]);
      const [line] = (await once(started.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(isAlive(pid)).to.equal(true);
      const exit = once(started, 'exit');
      started.kill(signal);
      expect(await exit).to.deep.equal([null, signal]);
      await eventually(async () => expect(isAlive(pid)).to.equal(false));
    });
  }
});
