import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** Mounts through the system's `mount`; throws with its words. */
export async function mount(type: string, source: string, target: string, options: readonly string[]): Promise<void> {
  const flags = options.length > 0 ? ['-o', options.join(',')] : [];
  await run('mount', ['-t', type, ...flags, source, target], { env: environment });
}

/** Unmounts everything at or below the folder, innermost first. */
export async function unmountBelow(folder: string): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const points = table.split('\n').flatMap((line) => {
    const point = unescape(line.split(' ')[4] ?? '');
    return point === folder || point.startsWith(`${folder}/`) ? [point] : [];
  });
  for (const point of points.reverse()) await run('umount', [point], { env: environment });
}

/** The kernel writes blanks as `\040`. */
function unescape(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
