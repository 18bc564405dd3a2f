import { formatAddress, formatRange, type Ipv4Range, parseAddress, rangeSize, subrange } from '../network/index.ts';
import type { MachineRecord } from './machine.ts';

/** The first four addresses and the last of a subnet are AWS' own. */
const reservedFirst = 4;
const subnetPrefix = 19;

/** The subnet of a zone: an eighth of the VPC, by the letter of the zone. The last one is not given to machines. */
export function zoneSubnet(vpc: Ipv4Range, zone: string): Ipv4Range {
  return subrange(vpc, subnetPrefix, Math.max(zone.charCodeAt(zone.length - 1) - 'a'.charCodeAt(0), 0) % 7);
}

/** The lowest free address of the zone's subnet. Throws Error where there is none. */
export function freeAddress(vpc: Ipv4Range, zone: string, machines: readonly MachineRecord[]): string {
  const subnet = zoneSubnet(vpc, zone);
  const taken = new Set(machines.map((machine) => parseAddress(machine.address)));
  for (let offset = reservedFirst; offset < rangeSize(subnet) - 1; offset++) {
    if (!taken.has(subnet.base + offset)) return formatAddress(subnet.base + offset);
  }
  throw new Error(`no free address in the subnet of zone ${zone}`);
}

/** The lowest free slot, from 1. */
export function freeSlot(machines: readonly MachineRecord[]): number {
  const taken = new Set(machines.map((machine) => machine.slot));
  let slot = 1;
  while (taken.has(slot)) slot++;
  return slot;
}

/** `ip-10-0-0-4.us-east-1.compute.internal`, as EKS names nodes. */
export function nodeName(prefix: 'ip' | 'fargate-ip', address: string, region: string): string {
  return `${prefix}-${address.replaceAll('.', '-')}.${region}.compute.internal`;
}

/** The lowest /24 of the pod range that no machine has. Throws Error where there is none. */
export function freePodRange(pods: Ipv4Range, machines: readonly MachineRecord[]): Ipv4Range {
  const taken = new Set(machines.map(({ pool }) => (pool.kind === 'ec2' ? pool.podCidr : undefined)));
  for (let index = 0; index < rangeSize(pods) / 256; index++) {
    const range = subrange(pods, 24, index);
    if (!taken.has(formatRange(range))) return range;
  }
  throw new Error(`every node's range of ${formatRange(pods)} is in use`);
}
