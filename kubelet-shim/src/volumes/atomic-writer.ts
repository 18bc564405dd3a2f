import { chmod, chown, lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Random } from '@coracle/apimachinery/clock';

/** Files by path relative to the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
  /** Owner; root where absent. */
  readonly user?: number | undefined;
}

export interface WriteOptions {
  /** Group of everything in the volume. */
  readonly group?: number | undefined;
}

const dataLink = '..data';
const newDataLink = '..data_tmp';

/**
 * Replaces the content of a folder in one step: a new folder of its own for the files, the link `..data` turned to it by
 * one rename, and a link through `..data` for every name at the top. A reader sees all of the old or all of the new.
 */
export async function writeAtomically(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  folder: string,
  payload: Payload,
  { group }: WriteOptions,
): Promise<void> {
  const previous = await readlink(join(folder, dataLink)).catch(() => undefined);
  const name = stampedName(clock, random);
  await writeFiles(join(folder, name), payload, group);
  await rm(join(folder, newDataLink), { force: true });
  await symlink(name, join(folder, newDataLink));
  await rename(join(folder, newDataLink), join(folder, dataLink));
  await linkNames(folder, topNames(payload));
  if (previous !== undefined) await rm(join(folder, previous), { recursive: true, force: true });
}

/** `..2026_11_24_07_15_00.1234567890` */
function stampedName(clock: Clock, random: Random): string {
  const stamp = new Date(clock.now()).toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  return `..${stamp}.${Buffer.from(random.bytes(4)).readUInt32BE(0)}`;
}

async function writeFiles(folder: string, payload: Payload, group: number | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  await own(folder, 0o755, undefined, group);
  for (const [path, { data, mode, user }] of payload) {
    const file = join(folder, path);
    await makeFolders(folder, dirname(path), group);
    await writeFile(file, data);
    await own(file, mode, user, group);
  }
}

async function makeFolders(root: string, path: string, group: number | undefined): Promise<void> {
  let folder = root;
  for (const part of path === '.' ? [] : path.split('/')) {
    folder = join(folder, part);
    await mkdir(folder, { recursive: true });
    await own(folder, 0o755, undefined, group);
  }
}

/** What the pod's group may read: files g+r, folders g+rx with the group inherited (upstream's SetVolumeOwnership). */
async function own(path: string, mode: number, user: number | undefined, group: number | undefined): Promise<void> {
  const isFolder = (await lstat(path)).isDirectory();
  if (user !== undefined || group !== undefined) await chown(path, user ?? 0, group ?? 0);
  const shared = group === undefined ? 0 : isFolder ? 0o2550 : 0o440;
  await chmod(path, mode | shared);
}

function topNames(payload: Payload): ReadonlySet<string> {
  return new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
}

async function linkNames(folder: string, names: ReadonlySet<string>): Promise<void> {
  const present = new Set((await readdir(folder)).filter((name) => !name.startsWith('..')));
  for (const name of names) if (!present.has(name)) await symlink(join(dataLink, name), join(folder, name));
  for (const name of present) if (!names.has(name)) await rm(join(folder, name), { force: true });
}
