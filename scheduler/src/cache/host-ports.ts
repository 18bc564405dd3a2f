import type { Pod } from '@coracle/apimachinery/types/core-v1';

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const everyAddress = '0.0.0.0';
const none: readonly HostPort[] = [];

/** Ports that a pod takes on its node, of containers and sidecars. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  const sidecars = pod.spec?.initContainers?.filter((container) => container.restartPolicy === 'Always') ?? [];
  let ports: HostPort[] | undefined;
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (!hostPort) continue;
      ports ??= [];
      ports.push({ ip: hostIP || everyAddress, protocol: protocol || 'TCP', port: hostPort });
    }
  }
  return ports ?? none;
}

/** The ports taken on one node. The same port on two addresses does not collide, unless one of them is every address. */
export class UsedPorts {
  /** `TCP/80` → address → how many pods hold it. */
  readonly #holders = new Map<string, Map<string, number>>();

  add({ ip, protocol, port }: HostPort): void {
    const key = `${protocol}/${port}`;
    let addresses = this.#holders.get(key);
    if (!addresses) {
      addresses = new Map();
      this.#holders.set(key, addresses);
    }
    addresses.set(ip, (addresses.get(ip) ?? 0) + 1);
  }

  remove({ ip, protocol, port }: HostPort): void {
    const key = `${protocol}/${port}`;
    const addresses = this.#holders.get(key);
    const count = addresses?.get(ip) ?? 0;
    if (count > 1) addresses?.set(ip, count - 1);
    else addresses?.delete(ip);
    if (addresses?.size === 0) this.#holders.delete(key);
  }

  conflicts({ ip, protocol, port }: HostPort): boolean {
    const addresses = this.#holders.get(`${protocol}/${port}`);
    if (!addresses) return false;
    return ip === everyAddress || addresses.has(everyAddress) || addresses.has(ip);
  }
}
