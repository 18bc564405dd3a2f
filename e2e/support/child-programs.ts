import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { beforeExit, notBeforeExit } from './before-exit.ts';

/** Long-running programs of one test, started in order and stopped in the opposite one. */
export class ChildPrograms {
  readonly #log: string;
  readonly #children: ChildProcess[] = [];

  /** `log` is the file that everything they print goes to. */
  constructor(log: string) {
    this.#log = log;
  }

  /** Kills what still runs, at once: for the end of this process, which waits for nobody. */
  readonly #kill = (): void => {
    for (const child of this.#children) child.kill('SIGKILL');
  };

  get pids(): readonly number[] {
    return this.#children.map((child) => child.pid ?? 0);
  }

  start(program: string, args: readonly string[], cwd: string): void {
    if (this.#children.length === 0) beforeExit(this.#kill);
    const log = openSync(this.#log, 'a');
    this.#children.push(spawn(program, args, { stdio: ['ignore', log, log], cwd }));
    closeSync(log);
  }

  /** Polls `url` until it answers 200. Stops everything and throws, with the end of the log, where that never happens or a program ends. */
  async untilReady(url: string): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    while (!(await answersOk(url))) {
      const dead = this.#children.find((child) => child.exitCode !== null);
      if (dead !== undefined || performance.now() > deadline) {
        await this.stop();
        const what =
          dead === undefined
            ? `${url} did not answer 200 within ${readyTimeoutMs / 1000} s`
            : `${dead.spawnfile} ended with ${dead.exitCode}`;
        throw new Error(`${what}:\n${readFileSync(this.#log, 'utf8').slice(-logCharactersShown)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, readyPollMs));
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse().splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    notBeforeExit(this.#kill);
  }
}

const readyTimeoutMs = 120_000;
const readyPollMs = 10;
const logCharactersShown = 4000;

function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? request : plainRequest;
    // Health needs no credentials, and the certificate is not the question here.
    const probe = send(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on('error', () => resolve(false));
    probe.end();
  });
}
