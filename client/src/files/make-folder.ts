import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFileError } from './explain-file-error.ts';

/**
 * Makes a folder and those above it that are missing. Throws Error with the reason in a user's words.
 * Instead of `mkdir` with `recursive`, which for a folder in /proc never returns: ENOENT there does not mean that the folder above
 * is missing, and it goes on making that one.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await makeBelow(path, mode);
  } catch (error) {
    throw new Error(`cannot make the folder ${path}: ${explainFileError(error)}`, { cause: error });
  }
}

async function makeBelow(path: string, mode: number): Promise<void> {
  const failure = await attempt(path, mode);
  if (failure === undefined) return;
  if (failure.code !== 'ENOENT' || (await isFolder(dirname(path)))) throw failure;
  await makeBelow(dirname(path), mode);
  const again = await attempt(path, mode);
  if (again !== undefined) throw again;
}

/** Undefined where the folder is there now, whoever made it. */
async function attempt(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode });
    return undefined;
  } catch (error) {
    return (await isFolder(path)) ? undefined : (error as NodeJS.ErrnoException);
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
