import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@coracle/apimachinery/clock';
import { silentLogger } from '@coracle/apimachinery/component';
import { expect } from 'chai';
import { Etcd3 } from 'etcd3';
import { freePort } from '../../testing/free-port.ts';
import { type CommitResult, type Storage, UnavailableError } from '../storage.ts';
import { storageSuite } from '../testing/index.ts';
import { openEtcdStorage } from './index.ts';

/** An etcd 3.5 or later; where there is none these tests are skipped. */
const program = [process.env['ETCD'], join(homedir(), '.cache/coracle-tools/etcd')].find(
  (path) => path && existsSync(path),
);
const environment = { clock: systemClock, random: systemRandom, log: silentLogger };

describe(`etcd${program === undefined ? ' (skipped: set ETCD to the program, 3.5 or later)' : ''}`, function () {
  if (program === undefined) return;
  this.timeout(30_000);
  let server: EtcdProcess;

  before(async () => {
    server = await EtcdProcess.start(program);
  });
  after(async () => {
    await server.remove();
  });

  storageSuite('etcd', async () => {
    const admin = new Etcd3({ hosts: server.url });
    await admin.delete().prefix('/registry/');
    admin.close();
    const storage = await openEtcdStorage({ endpoints: [server.url], environment });
    return {
      storage,
      passTime: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      stop: () => storage.close(),
    };
  });

  describe('connections', () => {
    let storage: Storage;
    const stop = new AbortController();

    afterEach(async () => {
      stop.abort();
      await storage.close();
    });

    it('goes on watching after etcd was away, without a gap', async () => {
      storage = await openEtcdStorage({ endpoints: [server.url], environment });
      const commit = (key: string) =>
        storage.commit({ key: `/registry/away/${key}`, value: new TextEncoder().encode('x'), expected: 0 });
      const fromRevision = (await storage.currentRevision()) + 1;
      const range = { start: '/registry/away/', end: '/registry/away0' };
      const batches = storage.watch(range, { fromRevision }, stop.signal)[Symbol.asyncIterator]();
      const first = await commit('1');
      expect((await batches.next()).value?.revision).to.equal(first.revision);
      await server.kill();
      const lost = await commit('2').catch((error: unknown) => error);
      expect(lost).to.be.instanceOf(UnavailableError);
      await server.run();
      let second: CommitResult | undefined;
      while (second === undefined) second = await commit('3').catch(() => undefined);
      let revision = 0;
      while (revision < second.revision) revision = (await batches.next()).value?.revision as number;
      expect(revision).to.equal(second.revision);
    });

    it('uses the member that answers', async () => {
      const dead = `http://127.0.0.1:${await freePort()}`;
      storage = await openEtcdStorage({ endpoints: [dead, server.url], environment });
      expect(await storage.currentRevision()).to.be.greaterThan(0);
    });
  });
});

it('an etcd that is not there: the error says which address and what the connection said, and no more', async () => {
  const dead = `http://127.0.0.1:${await freePort()}`;
  const failure = await openEtcdStorage({ endpoints: [dead], environment }).catch((error: Error) => error);
  expect(failure).to.be.instanceOf(UnavailableError);
  expect((failure as Error).message).to.equal(
    `etcd does not answer (${dead}): connect ECONNREFUSED ${dead.slice('http://'.length)}`,
  );
});

/** An etcd of its own, on free ports, with a directory that goes with it. */
class EtcdProcess {
  readonly url: string;
  readonly #program: string;
  readonly #directory: string;
  readonly #peerPort: number;
  #child: ChildProcess | undefined;

  private constructor(path: string, directory: string, port: number, peerPort: number) {
    this.#program = path;
    this.#directory = directory;
    this.url = `http://127.0.0.1:${port}`;
    this.#peerPort = peerPort;
  }

  static async start(path: string): Promise<EtcdProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-etcd-'));
    const server = new EtcdProcess(path, directory, await freePort(), await freePort());
    await server.run();
    return server;
  }

  async run(): Promise<void> {
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const flags = {
      'data-dir': this.#directory,
      'listen-client-urls': this.url,
      'advertise-client-urls': this.url,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'log-level': 'error',
    };
    this.#child = spawn(
      this.#program,
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      { stdio: 'ignore' },
    );
    await this.#answers();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true });
  }

  async #answers(): Promise<void> {
    for (;;) {
      const healthy = await fetch(`${this.url}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
      if (this.#child?.exitCode !== null) throw new Error('etcd did not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
