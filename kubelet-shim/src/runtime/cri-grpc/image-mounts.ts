import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RuntimeFailure } from '../cri.ts';

const run = promisify(execFile);
/** The same `ctr` as machines are started with: that of their containerd. */
const environment = {
  PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
};

/**
 * An image's files at a folder of the node, read-only. CRI can mount images into containers only since containerd 2.1; its
 * own client has always been able to mount them for everybody.
 */
export async function mountImage(socket: string, imageRef: string, target: string): Promise<void> {
  await ctr(socket, ['images', 'mount', imageRef, target]);
}

/** Idempotent. */
export async function unmountImage(socket: string, target: string): Promise<void> {
  await ctr(socket, ['images', 'unmount', '--rm', target]).catch((error: RuntimeFailure) => {
    if (!error.detail.includes('not found')) throw error;
  });
}

async function ctr(socket: string, args: readonly string[]): Promise<void> {
  try {
    await run('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args], { env: environment });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new RuntimeFailure('UNKNOWN', stderr.trim().replace(/^ctr: /, '') || message);
  }
}
