import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { instanceTypes } from '../../data/index.ts';
import { parseRange } from '../../network/index.ts';
import { freeAddress, freePodRange, freeSlot, nodeName } from '../addresses.ts';
import type { MachineRecord } from '../machine.ts';
import { nodeResources, reservedCpuMillis, reservedMemoryMiB } from './instance.ts';
import { planGroup } from './plan.ts';

function machine(slot: number, zone: string, address = `10.0.0.${3 + slot}`): MachineRecord {
  const pool = { kind: 'ec2', nodeGroup: 'ng', podCidr: `10.244.${slot - 1}.0/24` } as MachineRecord['pool'];
  const sizes = { cpuMillis: 2000, memoryMiB: 8192, createdAt: slot };
  return { name: nodeName('ip', address, 'us-east-1'), id: `i-${slot}`, slot, zone, address, pool, ...sizes };
}

describe('instance types', () => {
  it('reserve what EKS reserves', () => {
    const facts = new URL('../../tools/gen-cloud-data/instance-types.json', new URL('../../', import.meta.url));
    const { types } = JSON.parse(readFileSync(facts, 'utf8'));
    expect(types).to.have.length(instanceTypes.size);
    for (const { type, vcpu, maxPods, kubeReservedCpuM, kubeReservedMemMi } of types) {
      expect([reservedCpuMillis(vcpu), reservedMemoryMiB(maxPods)], type).to.deep.equal([
        kubeReservedCpuM,
        kubeReservedMemMi,
      ]);
    }
  });

  it('leave the rest to pods', () => {
    const type = instanceTypes.get('m5.large');
    if (type === undefined) throw new Error('no m5.large');
    const { capacity, allocatable } = nodeResources(type, 20);
    expect(capacity).to.include({ cpu: '2', memory: '7759462Ki', pods: '29', 'ephemeral-storage': '20971520Ki' });
    expect(allocatable).to.include({ cpu: '1930m', memory: '7069286Ki', 'ephemeral-storage': '18253611008' });
  });
});

describe('addresses of machines', () => {
  it('come from the subnet of the zone, past those that AWS keeps', () => {
    const vpc = parseRange('10.0.0.0/16');
    expect(freeAddress(vpc, 'us-east-1a', [])).to.equal('10.0.0.4');
    expect(freeAddress(vpc, 'us-east-1c', [])).to.equal('10.0.64.4');
    expect(freeAddress(vpc, 'us-east-1a', [machine(1, 'us-east-1a'), machine(3, 'us-east-1a')])).to.equal('10.0.0.5');
  });

  it('and numbers are the lowest free ones', () => {
    expect(freeSlot([machine(1, 'a'), machine(3, 'a')])).to.equal(2);
    expect(freePodRange(parseRange('10.244.0.0/14'), [machine(1, 'a')]).base).to.equal(
      parseRange('10.244.1.0/24').base,
    );
  });
});

describe('the plan of a node group', () => {
  const zones = ['us-east-1a', 'us-east-1b'];
  const spec = (replicas: number) => ({ instanceType: 'm5.large', replicas });
  const none = new Set<string>();
  const [a1, b2, a3, b4] = [
    machine(1, 'us-east-1a'),
    machine(2, 'us-east-1b'),
    machine(3, 'us-east-1a'),
    machine(4, 'us-east-1b'),
  ];
  const names = (machines: readonly MachineRecord[]) => machines.map(({ slot }) => slot);

  it('spreads new machines over the zones', () => {
    expect(planGroup({ spec: spec(3), zones, machines: [], cordoned: none }).create).to.deep.equal([
      'us-east-1a',
      'us-east-1b',
      'us-east-1a',
    ]);
    expect(planGroup({ spec: spec(3), zones, machines: [a1, a3], cordoned: none }).create).to.deep.equal([
      'us-east-1b',
    ]);
  });

  it('ends the newest of the fullest zone', () => {
    const { create, terminate } = planGroup({ spec: spec(2), zones, machines: [a1, b2, a3, b4], cordoned: none });
    expect([create, names(terminate)]).to.deep.equal([[], [4, 3]]);
  });

  it('ends what somebody cordoned first, and machines in zones that are no longer named before that', () => {
    const elsewhere = machine(5, 'us-east-1f');
    const { terminate } = planGroup({
      spec: spec(1),
      zones,
      machines: [a1, b2, elsewhere],
      cordoned: new Set([a1.name]),
    });
    expect(names(terminate)).to.deep.equal([5, 1]);
  });

  it('ends all machines of a group that is gone', () => {
    expect(planGroup({ spec: undefined, zones, machines: [a1, b2], cordoned: none }).terminate).to.have.length(2);
  });
});
