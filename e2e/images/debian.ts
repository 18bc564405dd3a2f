import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const outputBytesMax = 64 * 1024 * 1024;

/**
 * Root file systems from Debian's packages, through the machine's own apt, without installing anything and without running
 * package scripts: download the closure, unpack, tar. Only for tests.
 */

/** A tar file with `packages` and all they depend on, made once a cache folder. */
export async function debianTar(cache: string, name: string, packages: readonly string[]): Promise<string> {
  const target = join(cache, `${name}.tar`);
  if (await exists(target)) return target;
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-debian-'));
  try {
    const archives = await downloadPackages(scratch, packages);
    const root = join(scratch, 'root');
    await makeSkeleton(root);
    for (const archive of archives) await unpack(archive, root);
    await finishRoot(root);
    await mkdir(cache, { recursive: true });
    const excluded = ['doc', 'man', 'locale', 'info', 'lintian'].map((folder) => `--exclude=./usr/share/${folder}/*`);
    await run('tar', ['-C', root, ...excluded, '--numeric-owner', '--sort=name', '-cf', `${target}.new`, '.']);
    await rename(`${target}.new`, target);
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** One file of one package, `bin/busybox` of `busybox-static`. Returns its path in the cache. */
export async function debianFile(cache: string, packageName: string, path: string): Promise<string> {
  const target = join(cache, packageName, path);
  if (await exists(target)) return target;
  const scratch = await mkdtemp(join(tmpdir(), 'coracle-debian-'));
  try {
    await run('apt-get', ['download', '-qq', packageName], { cwd: scratch });
    const [archive] = await readdir(scratch);
    if (archive === undefined) throw new Error(`apt-get download ${packageName} gave nothing`);
    await unpack(join(scratch, archive), join(cache, packageName));
    return target;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** An empty package status makes apt fetch the whole closure, libc included, whatever this machine has installed. */
async function downloadPackages(scratch: string, packages: readonly string[]): Promise<string[]> {
  const cache = join(scratch, 'cache');
  await mkdir(join(cache, 'archives/partial'), { recursive: true });
  await writeFile(join(scratch, 'status'), '');
  const options = [`Dir::State::status=${scratch}/status`, `Dir::Cache=${cache}`, 'APT::Sandbox::User=root'];
  const flags = ['-qq', '-y', '--download-only', '--no-install-recommends'];
  await run('apt-get', [...options.flatMap((option) => ['-o', option]), ...flags, 'install', ...packages], {
    maxBuffer: outputBytesMax,
  });
  const files = await readdir(join(cache, 'archives'));
  return files.filter((file) => file.endsWith('.deb')).map((file) => join(cache, 'archives', file));
}

/** Debian's merged /usr, which the installer makes, not a package. */
async function makeSkeleton(root: string): Promise<void> {
  for (const folder of ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'tmp', 'proc', 'sys', 'dev', 'run']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) await symlink(`usr/${folder}`, join(root, folder));
}

async function unpack(archive: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  await run('sh', [
    '-c',
    'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"',
    'unpack',
    archive,
    root,
  ]);
}

const alternatives: readonly (readonly [link: string, target: string])[] = [
  ['nc', 'nc.openbsd'],
  ['awk', 'mawk'],
];

/** What package scripts would have done, as far as the tests need it: the user table, a few alternatives. */
async function finishRoot(root: string): Promise<void> {
  await run('chmod', ['1777', join(root, 'tmp')]);
  const masters = join(root, 'usr/share/base-passwd');
  if (await exists(masters)) {
    await run('cp', [join(masters, 'passwd.master'), join(root, 'etc/passwd')]);
    await run('cp', [join(masters, 'group.master'), join(root, 'etc/group')]);
  }
  for (const [link, target] of alternatives) {
    if (!(await exists(join(root, 'usr/bin', target)))) continue;
    await rm(join(root, 'usr/bin', link), { force: true });
    await symlink(target, join(root, 'usr/bin', link));
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
