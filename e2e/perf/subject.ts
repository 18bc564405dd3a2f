import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminKubeconfig } from '@coracle/cluster/kubeconfig';
import { ensureClusterPki } from '@coracle/cluster/pki';
import { repository, upstreamProgram } from '../support/index.ts';

/** A control plane that is measured. */
export interface Subject {
  readonly title: string;
  start(): Promise<RunningSubject>;
}

export interface RunningSubject {
  readonly kubeconfig: string;
  /** All processes of the control plane, store included. */
  readonly pids: readonly number[];
  /** From the start of the first process until /readyz answers ok. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const readyTimeoutMs = 120_000;
const readyPollMs = 10;

/** This project's, with no nodes: the reference has none either. */
export const coracle: Subject = {
  title: 'coracle',
  async start() {
    const scratch = await mkdtemp(join(tmpdir(), 'coracle-bench-'));
    const port = await freePort();
    const kubeconfig = join(scratch, 'data/kubeconfig');
    // The keys are made before the clock starts, as the reference's are.
    await ensureClusterPki({ directory: join(scratch, 'data/pki'), servingNames: ['localhost'], now: Date.now() });
    const started = performance.now();
    const child = spawnLogged(scratch, process.execPath, [
      join(repository, 'cluster/src/cli.ts'),
      'up',
      ...['--name', 'bench', '--data-dir', join(scratch, 'data'), '--port', String(port), '--runtime', 'hollow'],
      ...['--kubeconfig', join(scratch, 'user-kubeconfig'), '--node-group', 'name=none,count=0'],
    ]);
    await untilReady(port, [child], scratch);
    return {
      kubeconfig,
      pids: [child.pid ?? 0],
      readyMs: performance.now() - started,
      stop: () => stopAll([child], scratch),
    };
  },
};

/** Upstream's etcd, API server, controller manager and scheduler, as kubeadm would configure them. */
export const reference: Subject = {
  title: 'reference',
  async start() {
    const scratch = await mkdtemp(join(tmpdir(), 'coracle-bench-'));
    const programs = (['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const).map(
      upstreamProgram,
    );
    const [etcd = '', apiserver = '', controllerManager = '', scheduler = ''] = programs;
    const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
    const keys = await writeKeys(scratch, port);
    const started = performance.now();
    const store = spawnLogged(scratch, etcd, [
      ...['--data-dir', join(scratch, 'etcd')],
      ...[
        '--listen-client-urls',
        `http://127.0.0.1:${etcdPort}`,
        '--advertise-client-urls',
        `http://127.0.0.1:${etcdPort}`,
      ],
      ...[
        '--listen-peer-urls',
        `http://127.0.0.1:${peerPort}`,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peerPort}`,
      ],
      ...['--initial-cluster', `default=http://127.0.0.1:${peerPort}`],
    ]);
    const server = spawnLogged(scratch, apiserver, [
      ...[`--etcd-servers=http://127.0.0.1:${etcdPort}`, `--secure-port=${port}`, '--bind-address=127.0.0.1'],
      ...[`--tls-cert-file=${keys.serving}.crt`, `--tls-private-key-file=${keys.serving}.key`],
      ...[`--client-ca-file=${keys.authority}.crt`, `--service-account-key-file=${keys.serviceAccountPublic}`],
      ...[
        `--service-account-signing-key-file=${keys.serviceAccount}`,
        '--service-account-issuer=https://kubernetes.default.svc',
      ],
      ...['--service-cluster-ip-range=10.96.0.0/12', '--authorization-mode=Node,RBAC', '--advertise-address=192.0.2.1'],
    ]);
    const manager = spawnLogged(scratch, controllerManager, [
      ...[
        `--kubeconfig=${keys.kubeconfig}`,
        `--root-ca-file=${keys.authority}.crt`,
        '--use-service-account-credentials',
      ],
      ...[`--service-account-private-key-file=${keys.serviceAccount}`, '--leader-elect=false', '--secure-port=0'],
      ...[`--cluster-signing-cert-file=${keys.authority}.crt`, `--cluster-signing-key-file=${keys.authority}.key`],
    ]);
    const planner = spawnLogged(scratch, scheduler, [
      `--kubeconfig=${keys.kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    const children = [store, server, manager, planner];
    await untilReady(port, children, scratch);
    return {
      kubeconfig: keys.kubeconfig,
      pids: children.map((child) => child.pid ?? 0),
      readyMs: performance.now() - started,
      stop: () => stopAll(children, scratch),
    };
  },
};

async function writeKeys(scratch: string, port: number) {
  const directory = join(scratch, 'pki');
  const pki = await ensureClusterPki({
    directory,
    servingNames: ['127.0.0.1', 'localhost', '10.96.0.1', 'kubernetes.default.svc'],
    now: Date.now(),
  });
  const kubeconfig = join(scratch, 'kubeconfig');
  // A kubeconfig may be JSON: YAML is a superset.
  await writeFile(
    kubeconfig,
    JSON.stringify(adminKubeconfig({ name: 'bench', url: `https://127.0.0.1:${port}`, pki })),
  );
  await writeFile(join(directory, 'sa.pub'), pki.serviceAccountPublicKey);
  return {
    kubeconfig,
    serviceAccountPublic: join(directory, 'sa.pub'),
    authority: join(directory, 'ca'),
    serving: join(directory, 'apiserver'),
    serviceAccount: join(directory, 'sa.key'),
  };
}

function spawnLogged(scratch: string, program: string, args: readonly string[]): ChildProcess {
  const log = openSync(join(scratch, 'processes.log'), 'a');
  return spawn(program, args, { stdio: ['ignore', log, log], cwd: scratch });
}

/** Polls /readyz without credentials, which every API server answers. Stops everything where it never does. */
async function untilReady(port: number, children: readonly ChildProcess[], scratch: string): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (!(await isReady(port))) {
    const dead = children.find((child) => child.exitCode !== null);
    if (dead !== undefined || performance.now() > deadline) {
      await stopChildren(children);
      const what =
        dead === undefined
          ? `not ready within ${readyTimeoutMs / 1000} s`
          : `${dead.spawnfile} ended with ${dead.exitCode}`;
      throw new Error(`${what}: see ${join(scratch, 'processes.log')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false as const };
    const probe = request(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.on('error', () => resolve(false));
    probe.end();
  });
}

async function stopAll(children: readonly ChildProcess[], scratch: string): Promise<void> {
  await stopChildren(children);
  await rm(scratch, { recursive: true, force: true });
}

async function stopChildren(children: readonly ChildProcess[]): Promise<void> {
  for (const child of [...children].reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

/** A port nobody listens on now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
