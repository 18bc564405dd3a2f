import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const outputBytesMax = 64 * 1024 * 1024;

/**
 * A static busybox built from the plain source that Debian keeps, once a cache folder; about a minute, needs gcc and make.
 * Debian's own build drops environment variables whose names are no shell names (`data-1`), which four specs look for.
 */
export async function plainBusybox(cache: string): Promise<string> {
  const target = join(cache, 'compiled/busybox');
  const isThere = await stat(target).catch(() => undefined);
  if (isThere !== undefined) return target;
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-busybox-'));
  try {
    await downloadSource(scratch);
    await build(join(scratch, 'source'));
    await mkdir(join(cache, 'compiled'), { recursive: true });
    await copyFile(join(scratch, 'source/busybox'), target);
    await chmod(target, 0o755);
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Through apt with lists of its own: the machine's sources stay as they are. */
async function downloadSource(scratch: string): Promise<void> {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'source'])
    await mkdir(join(scratch, folder), { recursive: true });
  await writeFile(
    join(scratch, 'sources.list'),
    `deb-src [signed-by=${keyring}] http://deb.debian.org/debian trixie main\n`,
  );
  const options = [
    `Dir::Etc::SourceList=${scratch}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${scratch}/lists`,
    `Dir::Cache=${scratch}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const quiet = { cwd: scratch, maxBuffer: outputBytesMax };
  await run('apt-get', ['-qq', ...options, 'update'], quiet);
  await run('apt-get', ['-qq', ...options, 'source', '--download-only', 'busybox'], quiet);
  const archive = (await readdir(scratch)).find((name) => /^busybox_.*\.orig\.tar\./.test(name));
  if (archive === undefined) throw new Error('apt-get source busybox gave no source archive');
  await run('tar', ['-xf', join(scratch, archive), '-C', join(scratch, 'source'), '--strip-components=1']);
}

async function build(source: string): Promise<void> {
  const options = { cwd: source, maxBuffer: outputBytesMax };
  await run('make', ['defconfig'], options);
  const path = join(source, '.config');
  const config = (await readFile(path, 'utf8'))
    .replace('# CONFIG_STATIC is not set', 'CONFIG_STATIC=y')
    // tc wants older kernel headers.
    .replace('CONFIG_TC=y', '# CONFIG_TC is not set');
  await writeFile(path, config);
  await run('make', [`-j${cpus().length}`, 'busybox'], options);
}
