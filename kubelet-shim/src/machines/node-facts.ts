import type { CloudOptions } from '../cloud/options.ts';
import { fargateEphemeralGiB, instanceTypes } from '../data/index.ts';
import type { NodeAgentOptions } from '../node/options.ts';
import { instanceLabels, nodeResources, zoneLabels } from './ec2/instance.ts';
import { computeTypeKey } from './fargate/profiles.ts';
import type { Ec2Membership, MachineRecord } from './machine.ts';

export const defaultRegion = 'us-east-1';

/** What a machine's node says about itself. */
export type NodeFacts = Pick<
  NodeAgentOptions,
  'addresses' | 'capacity' | 'allocatable' | 'labels' | 'taints' | 'providerID' | 'podCIDR'
>;

/** Pure. Throws Error for an instance type that is not known. */
export function nodeFacts(record: MachineRecord, { region = defaultRegion }: Pick<CloudOptions, 'region'>): NodeFacts {
  const addresses = [
    { type: 'InternalIP', address: record.address },
    { type: 'InternalDNS', address: record.name },
    { type: 'Hostname', address: record.name },
  ];
  return record.pool.kind === 'ec2'
    ? { addresses, ...ec2Facts(record, record.pool, region) }
    : { addresses, ...fargateFacts(record, region) };
}

/** `aws:///us-east-1a/i-0123456789abcdef0`, for Fargate `aws:///us-east-1a/0123456789abcdef0/<node>`. */
export function providerIdOf({ zone, id, name, pool }: MachineRecord): string {
  return pool.kind === 'ec2' ? `aws:///${zone}/${id}` : `aws:///${zone}/${id.replace(/^i-/, '')}/${name}`;
}

function ec2Facts(record: MachineRecord, pool: Ec2Membership, region: string): Omit<NodeFacts, 'addresses'> {
  const type = instanceTypes.get(pool.instanceType);
  if (type === undefined) throw new Error(`there is no instance type ${pool.instanceType}`);
  const { zone } = record;
  const { nodeGroup, capacityType, labels: own } = pool;
  return {
    ...nodeResources(type, pool.diskSizeGiB),
    labels: instanceLabels(type, { region, zone, nodeGroup, capacityType, own }),
    taints: pool.taints,
    providerID: providerIdOf(record),
    podCIDR: pool.podCidr,
  };
}

/** A Fargate machine is for one pod and says so with a taint. */
function fargateFacts(record: MachineRecord, region: string): Omit<NodeFacts, 'addresses'> {
  const resources = {
    cpu: String(Math.max(1, Math.ceil(record.cpuMillis / 1000))),
    memory: `${record.memoryMiB * 1024}Ki`,
    'ephemeral-storage': `${fargateEphemeralGiB * 2 ** 20}Ki`,
    pods: '1',
  };
  return {
    capacity: resources,
    allocatable: resources,
    labels: { ...zoneLabels(region, record.zone), [computeTypeKey]: 'fargate' },
    taints: [{ key: computeTypeKey, value: 'fargate', effect: 'NoSchedule' }],
    providerID: providerIdOf(record),
  };
}
