import { internalError } from '@coracle/apimachinery/errors';
import type { Random } from '@coracle/apimachinery/clock';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { IPAddress, ServiceCIDR } from '@coracle/apimachinery/types/networking-v1';
import {
  cidrContains,
  type IpAddress,
  type IpRange,
  ipText,
  masked,
  parseCidr,
  parseIp,
} from '@coracle/apimachinery/validation';
import type { WriteContext } from '../../shared/registry.ts';
import type { IpFamily } from './prepare.ts';

const addresses = { group: 'networking.k8s.io', resource: 'ipaddresses' };
const serviceCidrs = { group: 'networking.k8s.io', resource: 'servicecidrs' };

/**
 * Cluster IPs are taken by creating an IPAddress of that name, which can exist only once, whoever creates it (KEP-1880).
 * Ranges come from the ServiceCIDR objects; until the first is there, from the server's settings.
 */
export class ClusterIps {
  readonly #context: WriteContext;
  readonly #configured: readonly string[];

  constructor(context: WriteContext, configured: readonly string[]) {
    this.#context = context;
    this.#configured = configured;
  }

  /** Takes this very address. Throws an Error with upstream's text where it cannot be had. */
  async take(text: string, service: Service): Promise<void> {
    const ip = parseIp(text, true);
    const range = ip && (await this.#ranges()).find((candidate) => cidrContains(candidate, ip));
    if (!ip || !range) throw new Error('the provided network does not match the current range');
    if (!isUsable(range, ip)) {
      const cidr = `${ipText(masked(range))}/${range.prefixLength}`;
      throw new Error(`the provided IP (${text}) is not in the valid range. The range of valid IPs is ${cidr}`);
    }
    if (!(await this.#create(ip, service))) throw new Error('provided IP is already allocated');
  }

  /** Takes a free address of a family. */
  async takeNext(family: IpFamily, service: Service): Promise<string> {
    for (const range of await this.#ranges()) {
      if ((range.address.family === 4 ? 'IPv4' : 'IPv6') !== family) continue;
      for (const ip of candidates(range, this.#context.environment.random)) {
        if (await this.#create(ip, service)) return ipText(ip);
      }
    }
    const name = JSON.stringify(service.metadata?.name ?? '');
    throw internalError(new Error(`failed to allocate a serviceIP for Service ${name}: range is full`));
  }

  async release(text: string): Promise<void> {
    const ip = parseIp(text, true);
    if (!ip || this.#context.dryRun) return;
    try {
      await this.#context.writers.delete(addresses, { name: ipText(ip) }, {});
    } catch (error) {
      // Gone already, or gone soon: whoever repairs addresses finds it without its service.
      this.#context.environment.log.debug('a cluster IP could not be released', { ip: text, error });
    }
  }

  async #ranges(): Promise<readonly IpRange[]> {
    const objects = await this.#context.readers.list<ServiceCIDR>(serviceCidrs).catch(() => []);
    const ready = objects.filter(isReady).flatMap(({ spec }) => spec?.cidrs ?? []);
    const texts = ready.length > 0 ? ready : this.#configured;
    return texts.flatMap((text) => parseCidr(text, true) ?? []);
  }

  async #create(ip: IpAddress, { metadata }: Service): Promise<boolean> {
    const name = ipText(ip);
    if (this.#context.dryRun) return (await this.#context.readers.get(addresses, { name })) === undefined;
    const address: IPAddress & KubernetesObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name,
        labels: {
          'ipaddress.kubernetes.io/ip-family': ip.family === 4 ? 'IPv4' : 'IPv6',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: {
        parentRef: {
          group: '',
          resource: 'services',
          namespace: metadata?.namespace ?? '',
          name: metadata?.name ?? '',
        },
      },
    };
    return (await this.#context.writers.create(addresses, address)) !== undefined;
  }
}

function isReady({ metadata, status }: ServiceCIDR): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return metadata?.deletionTimestamp === undefined && condition?.status !== 'False';
}

/** Neither the network itself nor, in IPv4, the broadcast address. */
function isUsable(range: IpRange, ip: IpAddress): boolean {
  const offset = offsetOf(range, ip);
  const size = sizeOf(range);
  return offset > 0n && (range.address.family === 6 || offset < size - 1n);
}

function sizeOf({ address, prefixLength }: IpRange): bigint {
  return 1n << BigInt(address.bytes.length * 8 - prefixLength);
}

function toNumber({ bytes }: IpAddress): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function offsetOf(range: IpRange, ip: IpAddress): bigint {
  return toNumber(ip) - toNumber(masked(range));
}

function addressAt(range: IpRange, offset: bigint): IpAddress {
  let rest = toNumber(masked(range)) + offset;
  const bytes = new Uint8Array(range.address.bytes.length);
  for (let index = bytes.length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 255n);
    rest >>= 8n;
  }
  return { family: range.address.family, bytes };
}

/** A range of more than this many addresses is searched from a random place, this far. */
const searchedMax = 65_536n;

/** Usable addresses: first those above the band that is kept for addresses people choose, from a random place on. */
function* candidates(range: IpRange, random: Random): Iterable<IpAddress> {
  const size = sizeOf(range);
  const last = range.address.family === 4 ? size - 2n : size - 1n;
  const band = reservedBand(size);
  yield* rotated(range, band > 0n ? band : 1n, last, random);
  if (band > 1n) yield* rotated(range, 1n, band - 1n, random);
}

function* rotated(range: IpRange, first: bigint, last: bigint, random: Random): Iterable<IpAddress> {
  const count = last - first + 1n;
  if (count <= 0n) return;
  const start = BigInt(Math.floor(random.next() * Number(count < searchedMax ? count : searchedMax)));
  const tries = count < searchedMax ? count : searchedMax;
  for (let step = 0n; step < tries; step++) yield addressAt(range, first + ((start + step) % count));
}

/** KEP-3070: the lower min(max(16, size/16), 256) addresses are for static assignment. */
function reservedBand(size: bigint): bigint {
  if (size <= 16n) return 0n;
  const sixteenth = size / 16n;
  if (sixteenth < 16n) return 16n;
  return sixteenth > 256n ? 256n : sixteenth;
}
