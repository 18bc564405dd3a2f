import type { Environment, Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { Condition } from '@coracle/apimachinery/types/meta-v1';
import type { Node } from '@coracle/apimachinery/types/core-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Informers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createWorkQueue } from '@coracle/client/workqueue';
import type { CloudOptions } from '../../cloud/options.ts';
import { type NodeGroup, NodeGroups } from '../../cloud/resources.ts';
import { instanceTypes } from '../../data/index.ts';
import { formatRange } from '../../network/index.ts';
import { freeAddress, freePodRange, freeSlot, nodeName } from '../addresses.ts';
import type { MachineRecord } from '../machine.ts';
import type { MachineStore } from '../machine-store.ts';
import { defaultRegion } from '../node-facts.ts';
import type { NodeRunner } from '../node-runner.ts';
import { drainNode } from './drain.ts';
import { instanceId, nodeGroupLabel } from './instance.ts';
import { planGroup } from './plan.ts';

export interface NodeGroupParts {
  readonly environment: Environment;
  readonly client: Client;
  readonly informers: Informers;
  readonly events: EventRecorder;
  readonly store: MachineStore;
  readonly runner: NodeRunner;
  readonly options: Pick<CloudOptions, 'region' | 'network'>;
}

export interface NodeGroupController extends Running {
  /** Starts working; the informers have synced by then. */
  run(): void;
  /** Resolves once every machine that was there when `run` was called runs again, or is gone. */
  readonly resumed: Promise<void>;
  /** Has another look at the group of a machine that died. */
  machineDied(record: MachineRecord): void;
}

/** Groups worked on at the same time: one that waits for its pods to leave holds up no other. */
const workers = 4;

/** Keeps every node group at as many machines as it asks for, each with a running node. */
export function createNodeGroupController(parts: NodeGroupParts): NodeGroupController {
  const { environment, client, store, runner, informers } = parts;
  const queue = createWorkQueue(environment, { backoffBaseMs: 200, backoffMaxMs: 30_000 });
  const groups = informers.for(NodeGroups);
  const nodes = informers.for(Nodes);
  const pods = informers.for(Pods);
  const dead = new Set<string>();
  const toResume = new Set<string>();
  const resumed = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let working: Promise<unknown> | undefined;

  groups.addHandler({
    added: ({ metadata }) => queue.add(metadata.name ?? ''),
    updated: ({ metadata }) => queue.add(metadata.name ?? ''),
    deleted: ({ metadata }) => queue.add(metadata.name ?? ''),
  });
  const touchGroupOf = (node: Node) => {
    const group = node.metadata?.labels?.[nodeGroupLabel];
    if (group !== undefined) queue.add(group);
  };
  nodes.addHandler({
    added: touchGroupOf,
    updated: (node, previous) => {
      if (isReady(node) !== isReady(previous)) touchGroupOf(node);
    },
    deleted: touchGroupOf,
  });

  const machinesOf = (group: string): readonly MachineRecord[] =>
    store.list().filter(({ pool }) => pool.kind === 'ec2' && pool.nodeGroup === group);

  const reconcile = async (name: string): Promise<void> => {
    const group = groups.lister.get(name);
    for (const machine of machinesOf(name)) if (dead.delete(machine.name)) await runner.terminate(machine);
    const zones = group?.spec.zones?.length ? group.spec.zones : defaultZones(parts.options.region);
    const cordoned = new Set(
      nodes.lister.list().flatMap(({ spec, metadata }) => (spec?.unschedulable ? [metadata?.name ?? ''] : [])),
    );
    const plan = planGroup({ spec: group?.spec, zones, machines: machinesOf(name), cordoned });
    const made = group === undefined ? [] : plan.create.map((zone) => newMachine(parts, group, zone));
    const leaving = new Set(plan.terminate.map((machine) => machine.name));
    const staying = machinesOf(name).filter((machine) => !leaving.has(machine.name) && !made.includes(machine));
    const outcomes = await Promise.allSettled([
      ...staying.map((machine) => runner.start(machine)),
      ...made.map(async (machine) => {
        await store.add(machine);
        await runner.start(machine);
      }),
      ...plan.terminate.map(async (machine) => {
        await drainNode({ environment, client, pods, node: machine.name, signal: stopping.signal });
        await runner.terminate(machine);
      }),
    ]);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (group !== undefined) await writeStatus(parts, group, machinesOf(name), nodes.lister.list(), failure?.reason);
    if (failure !== undefined) throw failure.reason;
  };

  const work = async (): Promise<void> => {
    for (let name = await queue.get(); name !== undefined; name = await queue.get()) {
      try {
        await reconcile(name);
        queue.forget(name);
        if (toResume.delete(name) && toResume.size === 0) resumed.resolve();
      } catch (error) {
        if (stopping.signal.aborted) return;
        environment.log.warn('node group is not as it asks to be', { group: name, error: String(error) });
        reportFailure(parts, groups.lister.get(name), error);
        queue.addRateLimited(name);
      } finally {
        queue.done(name);
      }
    }
  };

  return {
    resumed: resumed.promise,
    run() {
      // Machines of groups that were deleted while nobody looked.
      for (const { pool } of store.list()) if (pool.kind === 'ec2') toResume.add(pool.nodeGroup);
      for (const group of toResume) queue.add(group);
      if (toResume.size === 0) resumed.resolve();
      working = Promise.all(Array.from({ length: workers }, work));
    },
    machineDied(record) {
      dead.add(record.name);
      if (record.pool.kind === 'ec2') queue.add(record.pool.nodeGroup);
    },
    async stop() {
      stopping.abort(new Error('the cloud is being stopped'));
      queue.shutDown();
      await working;
    },
  };
}

function defaultZones(region = defaultRegion): readonly string[] {
  return [`${region}a`, `${region}b`];
}

/** Takes its name, address and numbers at once, so that the next machine takes others. */
function newMachine({ environment, store, options }: NodeGroupParts, group: NodeGroup, zone: string): MachineRecord {
  const { spec } = group;
  const type = instanceTypes.get(spec.instanceType);
  if (type === undefined) throw new Error(`there is no instance type ${spec.instanceType}`);
  const machines = store.list();
  const address = freeAddress(options.network.vpc, zone, machines);
  const record: MachineRecord = {
    name: nodeName('ip', address, options.region ?? defaultRegion),
    id: instanceId(environment.random),
    slot: freeSlot(machines),
    zone,
    address,
    cpuMillis: type.vcpus * 1000,
    memoryMiB: type.memoryMiB,
    pool: {
      kind: 'ec2',
      nodeGroup: group.metadata.name ?? '',
      instanceType: type.name,
      podCidr: formatRange(freePodRange(options.network.pods, machines)),
      capacityType: spec.capacityType ?? 'ON_DEMAND',
      diskSizeGiB: spec.diskSizeGiB ?? 20,
      labels: spec.labels ?? {},
      taints: spec.taints ?? [],
    },
    createdAt: environment.clock.now(),
  };
  store.reserve(record);
  return record;
}

function isReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

async function writeStatus(
  { client, environment }: NodeGroupParts,
  group: NodeGroup,
  machines: readonly MachineRecord[],
  nodes: readonly Node[],
  failure: unknown,
): Promise<void> {
  const names = new Set(machines.map(({ name }) => name));
  const ready = nodes.filter((node) => names.has(node.metadata?.name ?? '') && isReady(node)).length;
  const previous = group.status?.conditions?.find(({ type }) => type === 'Healthy');
  const status = {
    replicas: machines.length,
    readyReplicas: ready,
    selector: `${nodeGroupLabel}=${group.metadata.name}`,
    ...(group.metadata.generation !== undefined && { observedGeneration: group.metadata.generation }),
    conditions: [healthCondition(failure, previous, environment.clock.now())],
  };
  if (JSON.stringify(status) === JSON.stringify(group.status)) return;
  try {
    const body = { status };
    await client.patch(
      NodeGroups,
      { name: group.metadata.name ?? '' },
      { type: 'merge', body },
      { subresource: 'status' },
    );
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}

function healthCondition(failure: unknown, previous: Condition | undefined, now: number): Condition {
  const status = failure === undefined ? 'True' : 'False';
  return {
    type: 'Healthy',
    status,
    reason: failure === undefined ? 'MachinesRunning' : 'MachineFailed',
    message: failure === undefined ? '' : textOf(failure),
    lastTransitionTime:
      previous?.status === status ? previous.lastTransitionTime : `${new Date(now).toISOString().slice(0, 19)}Z`,
  };
}

function reportFailure({ events }: NodeGroupParts, group: NodeGroup | undefined, error: unknown): void {
  if (group !== undefined) events.event(group, 'Warning', 'MachineFailed', textOf(error));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
