import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Container, Pod, Volume, VolumeMount } from '@coracle/apimachinery/types/core-v1';
import { expand } from '../pods/expansion.ts';
import type { Mount } from '../runtime/index.ts';

/** A volume that is ready on this node. */
export interface ReadyVolume {
  readonly path: string;
  readonly readOnly: boolean;
}

const propagations = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const;

/** The container's `volumeMounts` as the runtime is told them. Throws with the text for the container's status. */
export async function containerMounts(
  pod: Pod,
  container: Container,
  variables: ReadonlyMap<string, string>,
  ready: (volume: string) => ReadyVolume | undefined,
): Promise<Mount[]> {
  const volumes = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]));
  return Promise.all(
    (container.volumeMounts ?? []).map(async (mount) => {
      const volume = ready(mount.name);
      if (!volume) throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
      const hostPath = await pathWithin(volume, mount, volumes.get(mount.name), container.name, variables);
      const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`;
      const propagation = propagations[(mount.mountPropagation ?? 'None') as keyof typeof propagations];
      return { containerPath, hostPath, readonly: (mount.readOnly ?? false) || volume.readOnly, propagation };
    }),
  );
}

async function pathWithin(
  { path, readOnly }: ReadyVolume,
  mount: VolumeMount,
  volume: Volume | undefined,
  containerName: string,
  variables: ReadonlyMap<string, string>,
): Promise<string> {
  const subPath = subPathOf(mount, variables);
  if (subPath === '') return path;
  if (subPath.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  const root = await realpath(path);
  const target = join(root, subPath);
  // A link inside the volume must not lead out of it, neither to read nor to make folders there.
  const problem = new Error(
    `failed to prepare subPath for volumeMount "${mount.name}" of container "${containerName}"`,
  );
  const existing = await nearestExisting(target);
  if (existing !== root && !existing.startsWith(`${root}/`)) throw problem;
  if (!readOnly && volume?.hostPath?.type !== 'File') await mkdir(target, { recursive: true }).catch(() => {});
  const resolved = await realpath(target).catch(() => {
    throw problem;
  });
  if (resolved !== root && !resolved.startsWith(`${root}/`)) throw problem;
  return resolved;
}

async function nearestExisting(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    const found = await realpath(candidate).catch(() => undefined);
    if (found !== undefined || candidate === '/') return found ?? '/';
  }
}

function subPathOf({ subPath = '', subPathExpr }: VolumeMount, variables: ReadonlyMap<string, string>): string {
  if (!subPathExpr) return subPath;
  let missing: string | undefined;
  const expanded = expand(subPathExpr, (name) => {
    const value = variables.get(name);
    if (value === undefined) missing = name;
    return value;
  });
  if (missing !== undefined) throw new Error(`missing value for "${missing}"`);
  return expanded;
}
