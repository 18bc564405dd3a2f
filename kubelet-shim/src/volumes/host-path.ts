import { lstat, mkdir, open, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { HostPathVolumeSource } from '@coracle/apimachinery/types/core-v1';

interface PathType {
  readonly fits: (found: Stats) => boolean;
  readonly noun: string;
  readonly create?: (path: string) => Promise<void>;
}

const types: Readonly<Record<string, PathType>> = {
  Directory: { fits: (found) => found.isDirectory(), noun: 'directory' },
  DirectoryOrCreate: {
    fits: (found) => found.isDirectory(),
    noun: 'directory',
    create: async (path) => void (await mkdir(path, { recursive: true, mode: 0o755 })),
  },
  File: { fits: (found) => found.isFile(), noun: 'file' },
  FileOrCreate: {
    fits: (found) => found.isFile(),
    noun: 'file',
    create: async (path) => void (await (await open(path, 'a', 0o644)).close()),
  },
  Socket: { fits: (found) => found.isSocket(), noun: 'socket file' },
  CharDevice: { fits: (found) => found.isCharacterDevice(), noun: 'character device' },
  BlockDevice: { fits: (found) => found.isBlockDevice(), noun: 'block device' },
};

/** Checks, or makes, what the pod expects at this path of the node. */
export async function prepareHostPath({ path, type = '' }: HostPathVolumeSource): Promise<string> {
  if (path.split('/').includes('..')) throw new Error(`invalid HostPath \`${path}\`: must not contain '..'`);
  const wanted = types[type];
  if (!wanted) return path;
  const found = await stat(path).catch(() => undefined);
  if (!found && wanted.create) {
    await wanted.create(path);
    return path;
  }
  if (!found || !wanted.fits(found)) throw new Error(`hostPath type check failed: ${path} is not a ${wanted.noun}`);
  return path;
}

/** A path without a type that does not exist yet is made when a container mounts it, as runtimes do. */
export async function ensureMountable(path: string): Promise<void> {
  if (await lstat(path).catch(() => undefined)) return;
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode: 0o755 });
}
