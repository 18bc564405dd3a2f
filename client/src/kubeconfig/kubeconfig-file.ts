import { chmod, chown, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@coracle/apimachinery/clock';
import { dump, load } from 'js-yaml';
import { explainFileError, makeFolder } from '../files/index.ts';
import type { Kubeconfig } from './kubeconfig.ts';

const lockTries = 50;
const lockRetryMs = 100;

/** Undefined where there is no such file. Throws where it is not a kubeconfig. */
export async function readKubeconfigFile(path: string): Promise<Kubeconfig | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new Error(`cannot read the kubeconfig ${path}: ${explainFileError(error)}`, { cause: error });
  }
  if (text.trim() === '') return {};
  try {
    const value = load(text);
    if (value === null || value === undefined) return {};
    if (typeof value !== 'object' || Array.isArray(value)) throw new Error('it is not a mapping');
    return value as Kubeconfig;
  } catch (error) {
    throw new Error(`${path} is not a kubeconfig: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Replaces the file in one step, readable by its owner only. A link stays a link to the same file; an existing file keeps
 * its owner, so that root may write to a user's file.
 */
export async function writeKubeconfigFile(path: string, config: Kubeconfig): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const owner = await stat(target).catch(() => undefined);
  await makeFolder(dirname(target));
  const temporary = `${target}.${process.pid}.new`;
  try {
    await writeFile(temporary, dump(config, { lineWidth: -1, noRefs: true }), { mode: 0o600, flag: 'w' });
    await chmod(temporary, 0o600);
    if (owner && owner.uid !== process.getuid?.()) await chown(temporary, owner.uid, owner.gid);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Error(`cannot write the kubeconfig ${path}: ${explainFileError(error)}`, { cause: error });
  }
}

/** Holds kubectl's lock files of all the paths while `work` runs, taken in the same order by everybody. */
export async function withLocks<T>(paths: readonly string[], clock: Clock, work: () => Promise<T>): Promise<T> {
  const held: string[] = [];
  try {
    for (const path of [...paths].sort()) {
      await takeLock(`${path}.lock`, clock);
      held.push(`${path}.lock`);
    }
    return await work();
  } finally {
    for (const lock of held) await rm(lock, { force: true });
  }
}

async function takeLock(lock: string, clock: Clock): Promise<void> {
  await makeFolder(dirname(lock));
  for (let tries = 1; ; tries++) {
    try {
      const file = await open(lock, 'wx', 0o600);
      return await file.close();
    } catch (error) {
      if (!hasCode(error, 'EEXIST'))
        throw new Error(`cannot make the lock file ${lock}: ${explainFileError(error)}`, { cause: error });
      if (tries === lockTries) throw new Error(`${lock} is held by another program; remove it if there is none`);
      await clock.sleep(lockRetryMs);
    }
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
