import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Containerd } from './containerd.ts';
import { sandboxImageArchive } from './sandbox-image.ts';

/** The archives that every containerd of the cluster gets: the sandbox image, and what users put into the folder. */
export interface ImageFolder {
  /** Imports what this containerd has not had yet; remembered in `record`, a file beside its disk. */
  supply(containerd: Containerd, record: string): Promise<ImageSupply>;
}

/** One containerd with what it was given. */
export interface ImageSupply {
  /** Imports an archive; resolves to the names in it. */
  add(archive: string): Promise<readonly string[]>;
}

/** `own` is a folder of ours, `users` the one of `image load`. */
export async function openImageFolder(own: string, users: string): Promise<ImageFolder> {
  await mkdir(own, { recursive: true });
  const sandbox = join(own, 'sandbox-image.tar');
  await writeFile(sandbox, sandboxImageArchive(process.arch === 'arm64' ? 'arm64' : 'x64'));
  return {
    async supply(containerd, record) {
      const imported = new Set(JSON.parse(await readFile(record, 'utf8').catch(() => '[]')) as string[]);
      const add = async (archive: string): Promise<readonly string[]> => {
        const version = await versionOf(archive);
        const names = await containerd.importImage(archive);
        imported.add(version);
        await writeFile(record, JSON.stringify([...imported]));
        return names;
      };
      for (const archive of [sandbox, ...(await archivesIn(users))]) {
        if (!imported.has(await versionOf(archive))) await add(archive);
      }
      return { add };
    },
  };
}

async function archivesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.tar')).map((name) => join(folder, name));
}

/** Tells a file that was replaced from the one before. The sandbox image is the same bytes at every start. */
async function versionOf(archive: string): Promise<string> {
  const { size, mtimeMs } = await stat(archive);
  return archive.endsWith('/sandbox-image.tar') ? `sandbox ${size}` : `${archive} ${size} ${mtimeMs}`;
}
