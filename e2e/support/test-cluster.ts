import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applicationImages, buildApplicationImages, buildConformanceImages } from '../images/index.ts';
import {
  mustRun,
  type Outcome,
  repository,
  runProgram,
  type RunOptions,
  toolsFolder,
  upstreamProgram,
} from './programs.ts';

/** A cluster of the real command in a process of its own, with a kubeconfig and a data directory that go with it. */
export interface TestCluster extends AsyncDisposable {
  readonly name: string;
  readonly dataDir: string;
  readonly kubeconfig: string;
  /** Runs `coracle <args>` against this cluster. */
  coracle(...args: readonly string[]): Promise<Outcome>;
  /** Upstream's kubectl; throws where it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** The same, with the exit code and both outputs. */
  tryKubectl(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Environment that makes any client talk to this cluster. */
  readonly env: Readonly<Record<string, string>>;
}

export interface TestClusterOptions {
  readonly runtime: 'containerd' | 'hollow';
  readonly flags?: readonly string[];
}

const startTimeoutMs = 180_000;
let clusters = 0;

/** `coracle up --detach` on a free port; deleted at the end of the scope. */
export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  await using stack = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-e2e-'));
  stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const name = `e2e-${process.pid}-${++clusters}`;
  const kubeconfig = join(scratch, 'kubeconfig');
  const dataDir = join(scratch, 'data');
  const env = { KUBECONFIG: kubeconfig, CORACLE_NAME: name, CORACLE_DATA_DIR: dataDir, HOME: scratch };
  const coracle = (...args: readonly string[]) =>
    runProgram(join(repository, 'coracle'), args, { env, timeoutMs: startTimeoutMs });
  const flags = ['--detach', '--port', '0', '--runtime', options.runtime, '--wait', '120s', ...(options.flags ?? [])];
  try {
    const up = await coracle('up', ...flags);
    if (up.code !== 0) throw new Error(`coracle up ended with ${up.code}:\n${up.stdout}${up.stderr}`);
  } catch (error) {
    // A start that is broken off may have got as far as machines and a process.
    await coracle('delete');
    throw error;
  }
  const kubectl = upstreamProgram('kubectl');
  const running = stack.move();
  return {
    name,
    dataDir,
    kubeconfig,
    env,
    coracle,
    kubectl: (...args) => mustRun(kubectl, args, { env }),
    tryKubectl: (args, runOptions) => runProgram(kubectl, args, { ...runOptions, env: { ...env, ...runOptions?.env } }),
    async [Symbol.asyncDispose]() {
      const deleted = await coracle('delete');
      await running.disposeAsync();
      if (deleted.code !== 0) throw new Error(`coracle delete ended with ${deleted.code}:\n${deleted.stderr}`);
    },
  };
}

const debianCache = join(toolsFolder, 'debian');

/** The OCI layout of the application's images, built once. */
export async function applicationLayout(): Promise<string> {
  return layoutOf('application', (layout) => buildApplicationImages(layout, debianCache));
}

/** The same for the images that upstream's suite runs. */
export async function conformanceLayout(): Promise<string> {
  const [agnhost, sampleApiserver, etcd] = (['agnhost', 'sample-apiserver', 'etcd'] as const).map(upstreamProgram);
  const programs = { agnhost: agnhost ?? '', sampleApiserver: sampleApiserver ?? '', etcd: etcd ?? '' };
  return layoutOf('conformance', (layout) => buildConformanceImages(layout, debianCache, programs));
}

/** By name: clusters of one run that start together build each layout together. */
const layouts = new Map<string, Promise<string>>();

function layoutOf(name: string, build: (layout: string) => Promise<void>): Promise<string> {
  const known = layouts.get(name);
  if (known !== undefined) return known;
  const layout = join(toolsFolder, 'images', name);
  const made = existsSync(join(layout, 'index.json')) ? Promise.resolve(layout) : build(layout).then(() => layout);
  layouts.set(name, made);
  return made;
}

export async function loadApplicationImages(cluster: TestCluster): Promise<void> {
  await loadImages(cluster, await applicationLayout());
}

/** Brings the images of a layout to every node. */
export async function loadImages(cluster: TestCluster, layout: string): Promise<void> {
  const loaded = await cluster.coracle('image', 'load', layout);
  if (loaded.code !== 0) throw new Error(`coracle image load ended with ${loaded.code}:\n${loaded.stderr}`);
}

export { applicationImages };
