import type { NodeGroupSpec } from '../../cloud/resources.ts';
import type { MachineRecord } from '../machine.ts';

/** What to do so that a group has the machines it asks for. */
export interface GroupPlan {
  /** A zone for each machine to be made. */
  readonly create: readonly string[];
  readonly terminate: readonly MachineRecord[];
}

export interface GroupState {
  /** Undefined where the group was deleted. */
  readonly spec: NodeGroupSpec | undefined;
  /** Zones of the spec, or the defaults. */
  readonly zones: readonly string[];
  readonly machines: readonly MachineRecord[];
  /** Names of nodes that somebody has cordoned. */
  readonly cordoned: ReadonlySet<string>;
}

/**
 * New machines go to the zone that has fewest, the first named of equals. Machines to end are taken from zones the group no
 * longer names, then cordoned ones, then from the fullest zone, the newest first.
 */
export function planGroup({ spec, zones, machines, cordoned }: GroupState): GroupPlan {
  const wanted = spec?.replicas ?? 0;
  const counts = new Map(zones.map((zone) => [zone, 0]));
  for (const { zone } of machines) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  const create: string[] = [];
  while (machines.length + create.length < wanted) {
    const zone = zones.reduce((best, other) => ((counts.get(other) ?? 0) < (counts.get(best) ?? 0) ? other : best));
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
    create.push(zone);
  }
  const left = [...machines];
  const terminate: MachineRecord[] = [];
  while (left.length > wanted) {
    const key = (machine: MachineRecord): readonly number[] => [
      zones.includes(machine.zone) ? 0 : 1,
      cordoned.has(machine.name) ? 1 : 0,
      counts.get(machine.zone) ?? 0,
      machine.createdAt,
      machine.slot,
    ];
    const chosen = left.reduce((best, other) => (isGreater(key(other), key(best)) ? other : best));
    left.splice(left.indexOf(chosen), 1);
    counts.set(chosen.zone, (counts.get(chosen.zone) ?? 1) - 1);
    terminate.push(chosen);
  }
  return { create, terminate };
}

function isGreater(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index >= 0 && (a[index] ?? 0) > (b[index] ?? 0);
}
