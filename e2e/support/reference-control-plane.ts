import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coracle/apiserver/testing';
import { adminKubeconfig } from '@coracle/cluster/kubeconfig';
import { type ClusterPki, ensureClusterPki } from '@coracle/cluster/pki';
import { ChildPrograms } from './child-programs.ts';
import { upstreamProgram } from './programs.ts';

/** The address that both API servers advertise, so that what they make of it is the same; of nobody (RFC 5737). */
export const advertiseAddress = '192.0.2.1';

/** A running etcd of upstream's, with a data directory of its own that goes when it is stopped. */
export interface RunningEtcd extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Resolves when it answers. */
export async function startEtcd(): Promise<RunningEtcd> {
  await using stack = new AsyncDisposableStack();
  const { url, programs, stop: end } = await launchEtcd();
  stack.defer(end);
  await programs.untilReady(`${url}/health`);
  const running = stack.move();
  const stop = () => running.disposeAsync();
  return { url, pids: programs.pids, stop, [Symbol.asyncDispose]: stop };
}

/** Resolves when the process exists. */
async function launchEtcd() {
  const program = upstreamProgram('etcd');
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-etcd-'));
  const programs = new ChildPrograms(join(scratch, 'etcd.log'));
  const [url, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  programs.start(
    program,
    [
      ...['--data-dir', join(scratch, 'etcd'), '--initial-cluster', `default=${peerUrl}`],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ],
    scratch,
  );
  const stop = async () => {
    await programs.stop();
    await rm(scratch, { recursive: true, force: true });
  };
  return { url, programs, stop };
}

export interface ReferenceOptions {
  /** An etcd that runs already, `http://127.0.0.1:2379`; absent: one of its own, which stops with it. */
  readonly etcdUrl?: string;
  /**
   * Added to kube-apiserver's flags. Of a flag given twice the later one counts; values of one that takes a list add up:
   * of two `--service-account-issuer` the first still issues, and both are believed.
   */
  readonly flags?: readonly string[];
  /** Also starts kube-controller-manager and kube-scheduler. Default false: an API server alone changes no objects. */
  readonly controllers?: boolean;
  /** Keys made before, so that the start alone is timed or that another server shares them. */
  readonly keys?: ReferenceKeys;
}

/** Upstream's control plane at work. */
export interface ReferenceControlPlane extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** A file; the administrator's, with a client certificate. */
  readonly kubeconfig: string;
  readonly pki: ClusterPki;
  readonly etcdUrl: string;
  /** All processes that were started here, etcd included. */
  readonly pids: readonly number[];
  /** From the start of the first process until /readyz answers ok. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Files that the programs are started with, in a directory of their own. */
export interface ReferenceKeys {
  readonly directory: string;
  readonly pki: ClusterPki;
}

/** The keys and certificates of a control plane, as kubeadm lays them out. The caller removes `directory`. */
export async function createReferenceKeys(): Promise<ReferenceKeys> {
  const directory = await mkdtemp(join(tmpdir(), 'coracle-reference-keys-'));
  const servingNames = ['127.0.0.1', 'localhost', '10.96.0.1', 'kubernetes.default.svc'];
  const pki = await ensureClusterPki({ directory, servingNames, now: Date.now() });
  await writeFile(join(directory, 'sa.pub'), pki.serviceAccountPublicKey);
  return { directory, pki };
}

/** Starts upstream's API server, configured as kubeadm does it, and what else is asked for; resolves when it is ready. */
export async function startReferenceControlPlane(options: ReferenceOptions = {}): Promise<ReferenceControlPlane> {
  const [apiserver, manager, scheduler] = (
    ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const
  ).map((name) => (name === 'kube-apiserver' || options.controllers === true ? upstreamProgram(name) : ''));
  await using stack = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-reference-'));
  stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const keys = options.keys ?? (await createReferenceKeys());
  if (options.keys === undefined) stack.defer(() => rm(keys.directory, { recursive: true, force: true }));
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = join(scratch, 'kubeconfig');
  // A kubeconfig may be JSON: YAML is a superset.
  await writeFile(kubeconfig, JSON.stringify(adminKubeconfig({ name: 'reference', url, pki: keys.pki })));
  const started = performance.now();
  // Not waited for: the API server tries until the store answers, as under kubeadm.
  const etcd = options.etcdUrl === undefined ? await launchEtcd() : undefined;
  if (etcd !== undefined) stack.defer(() => etcd.stop());
  const etcdUrl = etcd?.url ?? options.etcdUrl ?? '';
  const programs = new ChildPrograms(join(scratch, 'processes.log'));
  stack.defer(() => programs.stop());
  programs.start(
    apiserver ?? '',
    [
      ...[`--etcd-servers=${etcdUrl}`, `--secure-port=${port}`, '--bind-address=127.0.0.1'],
      ...apiserverFlags(keys),
      ...authorizationFlags(options.flags ?? []),
      ...(options.flags ?? []),
    ],
    scratch,
  );
  if (options.controllers === true) {
    programs.start(manager ?? '', controllerManagerFlags(keys, kubeconfig), scratch);
    programs.start(scheduler ?? '', [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'], scratch);
  }
  await programs.untilReady(`${url}/readyz`);
  const readyMs = performance.now() - started;
  const running = stack.move();
  const stop = () => running.disposeAsync();
  const pids = [...(etcd?.programs.pids ?? []), ...programs.pids];
  return { url, kubeconfig, pki: keys.pki, etcdUrl, pids, readyMs, stop, [Symbol.asyncDispose]: stop };
}

function apiserverFlags({ directory }: ReferenceKeys): string[] {
  const file = (name: string) => join(directory, name);
  return [
    ...[`--tls-cert-file=${file('apiserver.crt')}`, `--tls-private-key-file=${file('apiserver.key')}`],
    ...[`--client-ca-file=${file('ca.crt')}`, `--service-account-key-file=${file('sa.pub')}`],
    ...[`--service-account-signing-key-file=${file('sa.key')}`],
    '--service-account-issuer=https://kubernetes.default.svc',
    ...[
      `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
    ],
    ...['--requestheader-username-headers=X-Remote-User', '--requestheader-uid-headers=X-Remote-Uid'],
    ...['--requestheader-group-headers=X-Remote-Group', '--requestheader-extra-headers-prefix=X-Remote-Extra-'],
    ...['--service-cluster-ip-range=10.96.0.0/12', `--advertise-address=${advertiseAddress}`],
  ];
}

/** A configuration file goes without modes. */
function authorizationFlags(given: readonly string[]): string[] {
  const configured = given.some((flag) => flag.startsWith('--authorization-config='));
  return configured ? [] : ['--authorization-mode=Node,RBAC'];
}

function controllerManagerFlags({ directory }: ReferenceKeys, kubeconfig: string): string[] {
  const file = (name: string) => join(directory, name);
  return [
    ...[`--kubeconfig=${kubeconfig}`, `--root-ca-file=${file('ca.crt')}`, '--use-service-account-credentials'],
    ...[`--service-account-private-key-file=${file('sa.key')}`, '--leader-elect=false', '--secure-port=0'],
    ...[`--cluster-signing-cert-file=${file('ca.crt')}`, `--cluster-signing-key-file=${file('ca.key')}`],
    // Nodes here are objects that nobody keeps alive: after 50 s they would all be tainted and nothing would be scheduled.
    '--node-monitor-grace-period=2h',
  ];
}
