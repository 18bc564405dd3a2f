import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@coracle/apiserver/testing';
import { ensureClusterPki } from '@coracle/cluster/pki';
import { ChildPrograms, coracleProgram, createReferenceKeys, startReferenceControlPlane } from '../support/index.ts';

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

/** This project's, with no nodes: the reference has none either. */
export const coracle: Subject = {
  title: 'coracle',
  async start() {
    const scratch = await mkdtemp(join(tmpdir(), 'coracle-bench-'));
    const port = await freePort();
    const kubeconfig = join(scratch, 'data/kubeconfig');
    // The keys are made before the clock starts, as the reference's are.
    await ensureClusterPki({ directory: join(scratch, 'data/pki'), servingNames: ['localhost'], now: Date.now() });
    const entry = await coracleProgram();
    const programs = new ChildPrograms(join(scratch, 'processes.log'));
    const started = performance.now();
    programs.start(
      process.execPath,
      [
        entry,
        'up',
        ...['--name', 'bench', '--data-dir', join(scratch, 'data'), '--port', String(port), '--runtime', 'hollow'],
        ...['--kubeconfig', join(scratch, 'user-kubeconfig'), '--node-group', 'name=none,count=0'],
      ],
      scratch,
    );
    await programs.untilReady(`https://127.0.0.1:${port}/readyz`);
    return {
      kubeconfig,
      pids: programs.pids,
      readyMs: performance.now() - started,
      stop: async () => {
        await programs.stop();
        await rm(scratch, { recursive: true, force: true });
      },
    };
  },
};

/** Upstream's etcd, API server, controller manager and scheduler, as kubeadm would configure them. */
export const reference: Subject = {
  title: 'reference',
  async start() {
    const keys = await createReferenceKeys();
    const running = await startReferenceControlPlane({ controllers: true, keys });
    return {
      ...running,
      stop: async () => {
        await running.stop();
        await rm(keys.directory, { recursive: true, force: true });
      },
    };
  },
};
