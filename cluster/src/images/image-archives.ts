import { execFile } from 'node:child_process';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../config/cluster-config.ts';

const run = promisify(execFile);
const wanted = 'image load takes a "docker save" archive, an OCI archive or an OCI layout';

/**
 * Puts an image into the folder that every machine imports from when it is made; returns its path there. A layout is packed
 * into an archive. An image of the same file name is replaced. Throws ConfigError for what cannot be an image.
 */
export async function storeImageArchive(folder: string, source: string): Promise<string> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) throw new ConfigError(`${source}: no such file: ${wanted}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = join(folder, found.isDirectory() ? `${basename(source)}.tar` : basename(source));
  const fresh = `${target}.new`;
  if (found.isDirectory()) await pack(source, fresh);
  else await copyFile(source, fresh);
  try {
    await refuseForeignArchive(fresh, source);
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  return target;
}

async function pack(layout: string, target: string): Promise<void> {
  const isLayout = await stat(join(layout, 'oci-layout')).catch(() => undefined);
  if (isLayout === undefined) throw new ConfigError(`${layout}: a folder without an oci-layout file: ${wanted}`);
  await run('tar', ['-C', layout, '-cf', target, 'oci-layout', 'index.json', 'blobs']);
}

/** Both formats have a table of contents at the top of the archive. */
async function refuseForeignArchive(archive: string, source: string): Promise<void> {
  const listed = await run('tar', ['-tf', archive], { maxBuffer: 64 * 1024 * 1024 }).catch(() => undefined);
  const names = listed?.stdout.split('\n').map((name) => name.replace(/^\.\//, '')) ?? [];
  if (!names.includes('index.json') && !names.includes('manifest.json'))
    throw new ConfigError(`${source}: not an image: ${wanted}`);
}
