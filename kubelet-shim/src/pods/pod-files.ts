import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '@coracle/apimachinery/clock';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { unmountBelow } from '../volumes/mounts.ts';
import type { PodFiles } from './pod-services.ts';

export interface PodFilesOptions {
  /** Upstream's `/var/lib/kubelet`. */
  readonly rootDirectory: string;
  /** Upstream's `/var/log/pods`. */
  readonly logsDirectory: string;
}

export function podDirectory(rootDirectory: string, uid: string): string {
  return join(rootDirectory, 'pods', uid);
}

/** `<namespace>_<name>_<uid>`, below the logs directory. */
export function podLogDirectory(logsDirectory: string, { metadata }: Pod): string {
  return join(logsDirectory, `${metadata?.namespace}_${metadata?.name}_${metadata?.uid}`);
}

/** The folders of real pods: `pods/<uid>/{volumes,containers,etc-hosts}` and the log folder. */
export function createPodFiles({ rootDirectory, logsDirectory }: PodFilesOptions, random: Random): PodFiles {
  const folderOf = (pod: Pod) => podDirectory(rootDirectory, pod.metadata?.uid ?? '');
  return {
    logDirectory: (pod) => podLogDirectory(logsDirectory, pod),
    async prepare(pod) {
      await mkdir(join(folderOf(pod), 'containers'), { recursive: true, mode: 0o750 });
      await mkdir(podLogDirectory(logsDirectory, pod), { recursive: true, mode: 0o755 });
    },
    async terminationLog(pod, containerName) {
      const folder = join(folderOf(pod), 'containers', containerName);
      await mkdir(folder, { recursive: true, mode: 0o750 });
      const path = join(folder, Buffer.from(random.bytes(4)).toString('hex'));
      // Containers write here as whoever they are.
      await writeFile(path, '');
      await chmod(path, 0o666);
      return path;
    },
    async etcHosts(pod, content) {
      const path = join(folderOf(pod), 'etc-hosts');
      await writeFile(path, content, { mode: 0o644 });
      return path;
    },
    async remove(pod) {
      await rm(folderOf(pod), { recursive: true, force: true });
      await rm(podLogDirectory(logsDirectory, pod), { recursive: true, force: true });
    },
    async sweep(uids) {
      const podFolder = join(rootDirectory, 'pods');
      for (const uid of await readdir(podFolder).catch(() => [])) {
        if (uids.has(uid)) continue;
        await unmountBelow(join(podFolder, uid));
        await rm(join(podFolder, uid), { recursive: true, force: true });
      }
      for (const name of await readdir(logsDirectory).catch(() => [])) {
        const uid = name.slice(name.lastIndexOf('_') + 1);
        if (!uids.has(uid)) await rm(join(logsDirectory, name), { recursive: true, force: true });
      }
    },
  };
}

/** For nodes whose containers only pretend: no folder is ever made. */
export const noPodFiles: PodFiles = {
  logDirectory: () => '',
  prepare: async () => {},
  terminationLog: async () => undefined,
  etcHosts: async () => undefined,
  remove: async () => {},
  sweep: async () => {},
};
