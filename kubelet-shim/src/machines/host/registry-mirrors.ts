import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoopback } from '../../network/index.ts';

/** Where images of a registry are asked for first; the registry itself is still asked for what no endpoint has. */
export interface RegistryMirror {
  /** `registry.k8s.io`, `docker.io`, `localhost:5000`; `*` stands for every registry without an entry of its own. */
  readonly registry: string;
  /** URLs in the order in which they are tried. One with a path is used as it is, otherwise `/v2` follows. */
  readonly endpoints: readonly string[];
}

/** First line of the files written here: files of the user's own in the same folder stay. */
const signature = '# Written by coracle from --registry-mirror; changes are lost.';
const everyRegistry = '_default';

/** Ports of this host's loopback that machines must reach, as their mirrors are there. */
export function loopbackPorts(mirrors: readonly RegistryMirror[]): readonly number[] {
  const urls = mirrors.flatMap(({ endpoints }) => endpoints).map((endpoint) => new URL(endpoint));
  return [...new Set(urls.filter((url) => isLoopback(url.hostname)).map(portOf))];
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/**
 * One registry's settings in containerd's `hosts.toml` (docs/hosts.md of containerd). A machine has a loopback of its own:
 * `gateway` is where it finds the host's.
 */
export function hostsToml({ endpoints }: RegistryMirror, gateway: string): string {
  const sections = endpoints.map((endpoint) => {
    const url = new URL(endpoint);
    if (isLoopback(url.hostname)) url.hostname = gateway;
    const path = url.pathname.replace(/\/$/, '');
    const lines = [`[host."${url.origin}${path}"]`, '  capabilities = ["pull", "resolve"]'];
    return [...lines, ...(path === '' ? [] : ['  override_path = true'])].join('\n');
  });
  return `${signature}\n${sections.join('\n')}\n`;
}

/** Makes `folder` say this and nothing of an earlier start. containerd reads it anew with every pull. */
export async function writeRegistryMirrors(
  folder: string,
  mirrors: readonly RegistryMirror[],
  gateway: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name, 'hosts.toml'), 'utf8').catch(() => '');
    if (text.startsWith(signature)) await rm(join(folder, name), { recursive: true });
  }
  for (const mirror of mirrors) {
    const own = join(folder, mirror.registry === '*' ? everyRegistry : mirror.registry);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, 'hosts.toml'), hostsToml(mirror, gateway));
  }
}
