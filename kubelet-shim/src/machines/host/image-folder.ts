import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Containerd } from './containerd.ts';
import { sandboxImageArchive } from './sandbox-image.ts';

/** The archives that every containerd of the cluster gets: the sandbox image, and what users put into the folder. */
export interface ImageFolder {
  /** Imports what this containerd has not had yet; remembered in `record`, a file beside its disk. */
  importInto(containerd: Containerd, record: string): Promise<void>;
}

/** `own` is a folder of ours, `users` the one of `image load`. */
export async function openImageFolder(own: string, users: string): Promise<ImageFolder> {
  await mkdir(own, { recursive: true });
  const sandbox = join(own, 'sandbox-image.tar');
  await writeFile(sandbox, sandboxImageArchive(process.arch === 'arm64' ? 'arm64' : 'x64'));
  return {
    async importInto(containerd, record) {
      const imported = new Set(JSON.parse(await readFile(record, 'utf8').catch(() => '[]')) as string[]);
      const archives = [sandbox, ...(await archivesIn(users))];
      for (const archive of archives) {
        const version = await versionOf(archive);
        if (imported.has(version)) continue;
        await containerd.importImage(archive);
        imported.add(version);
      }
      await writeFile(record, JSON.stringify([...imported]));
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
