import { readFile } from 'node:fs/promises';
import { run, runQuietly } from './command.ts';

/** Makes mounts that are made below the folder on either side, host or machine, appear on the other. Idempotent. */
export async function shareMounts(folder: string): Promise<void> {
  if ((await mountPoints()).includes(folder)) return;
  await run(['mount', '--bind', folder, folder]);
  await run(['mount', '--make-shared', folder]);
}

/** Unmounts the folder and everything below it, deepest first, also what is still in use. */
export async function unmountAll(folder: string): Promise<void> {
  const own = (await mountPoints()).filter((path) => path === folder || path.startsWith(`${folder}/`));
  for (const path of own.toSorted().reverse()) await runQuietly(['umount', '--lazy', path]);
}

/** Every mount point this process sees, later mounts behind earlier ones. */
export async function mountPoints(): Promise<readonly string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text.split('\n').flatMap((line) => {
    const path = line.split(' ')[4];
    return path === undefined ? [] : [unescapeOctal(path)];
  });
}

/** The kernel writes blanks and backslashes as `\040`. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
