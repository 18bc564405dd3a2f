import { chmod, chown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@coracle/apimachinery/types/core-v1';

const groupMayWrite = 0o660;
const groupMayEnter = 0o2110;

/** Gives a writable volume to the pod's group: everything in it, unless only a mismatch at its root asks for that. */
export async function giveToGroup(folder: string, pod: Pod): Promise<void> {
  const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
  if (fsGroup === undefined) return;
  const root = await stat(folder);
  const isRight = root.gid === fsGroup && (root.mode & groupMayWrite) === groupMayWrite;
  if (fsGroupChangePolicy === 'OnRootMismatch' && isRight) return;
  await giveTree(folder, fsGroup);
}

async function giveTree(path: string, group: number): Promise<void> {
  const found = await stat(path);
  await chown(path, found.uid, group);
  if (!found.isDirectory()) return chmod(path, found.mode | groupMayWrite);
  await chmod(path, found.mode | groupMayWrite | groupMayEnter);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await giveTree(join(path, entry.name), group);
  }
}

/** The user that all containers of the pod run as; undefined where they differ or do not say. */
export function commonUser(pod: Pod): number | undefined {
  const { securityContext, containers = [], initContainers = [] } = pod.spec ?? {};
  const users = [...initContainers, ...containers].map(
    (one) => one.securityContext?.runAsUser ?? securityContext?.runAsUser,
  );
  const [first] = users;
  return users.every((user) => user === first) ? first : undefined;
}
