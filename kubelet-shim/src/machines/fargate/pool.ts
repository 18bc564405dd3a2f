import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import type { Fabric, NetworkPlan } from '../../network/index.ts';
import { createCriRuntime } from '../../runtime/cri-grpc/index.ts';
import type { ContainerRuntime } from '../../runtime/index.ts';
import { type CgroupHost, limitCgroup, makeCgroup, removeCgroup } from '../host/cgroups.ts';
import { assignAddress, fargateNetwork, makeFargatePrograms } from '../host/cni.ts';
import { type Containerd, startContainerd } from '../host/containerd.ts';
import { type Enclosure, openEnclosure } from '../host/enclosure.ts';
import type { ImageFolder, ImageSupply } from '../host/image-folder.ts';
import { shareMounts, unmountAll } from '../host/mounts.ts';
import type { Machine, MachineRecord } from '../machine.ts';
import { podRuntime } from './pod-runtime.ts';

/**
 * The machines of Fargate pods. The network namespace and control group of its only pod are the machine; one containerd
 * runs all of them, started with the first.
 */
export interface FargatePool {
  start(record: MachineRecord): Promise<Machine>;
  remove(record: MachineRecord): Promise<void>;
  /** None before the first machine. */
  supplies(): readonly ImageSupply[];
  close(): Promise<void>;
}

export interface FargatePoolParts {
  readonly environment: Environment;
  readonly directory: string;
  readonly plan: NetworkPlan;
  readonly fabric: Fabric;
  readonly cgroups: CgroupHost;
  /** The group of all machines: the pool's own group and those of its machines are made inside. */
  readonly cgroupParent: string;
  readonly images: ImageFolder;
  readonly initProgram: string;
  readonly socketDirectory: string;
  readonly cniPrograms: string;
  readonly registries: string;
  readonly agentEndpoint: (record: MachineRecord) => { readonly host: string; readonly port: number };
}

interface Engine {
  readonly enclosure: Enclosure;
  readonly containerd: Containerd;
  readonly supply: ImageSupply;
  readonly runtime: ContainerRuntime;
}

export function createFargatePool(parts: FargatePoolParts): FargatePool {
  const { directory, cgroups, fabric } = parts;
  const addresses = join(directory, 'addresses');
  const machineFolder = (record: MachineRecord): string => join(directory, 'kubelet', record.name);
  const groupOf = (record: MachineRecord): string => `${parts.cgroupParent}/${record.name}`;
  let starting: Promise<Engine> | undefined;
  let running: Engine | undefined;

  const engine = (): Promise<Engine> => {
    starting ??= startEngine(parts, addresses).then((started) => {
      running = started;
      return started;
    });
    // One that failed is tried again with the next machine.
    starting.catch(() => {
      starting = undefined;
    });
    return starting;
  };

  const remove = async (record: MachineRecord): Promise<void> => {
    await unmountAll(machineFolder(record));
    await rm(machineFolder(record), { recursive: true, force: true });
    if (record.pool.kind === 'fargate') await rm(join(addresses, record.pool.pod.uid), { force: true });
    await removeCgroup(cgroups, groupOf(record), parts.environment.clock);
  };

  return {
    async start(record) {
      if (record.pool.kind !== 'fargate') throw new Error(`${record.name} is not a Fargate machine`);
      const { uid } = record.pool.pod;
      const { enclosure, runtime } = await engine();
      await makeCgroup(cgroups, groupOf(record));
      await limitCgroup(cgroups, groupOf(record), {
        cpuMillis: record.cpuMillis,
        memoryBytes: record.memoryMiB * 2 ** 20,
      });
      await assignAddress(addresses, uid, record.address, parts.plan);
      const folders = { rootDirectory: machineFolder(record), logsDirectory: join(directory, 'pods', record.name) };
      for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
      const endpoint = parts.agentEndpoint(record);
      await fabric.exposeAgent(record.address, endpoint);
      const own = podRuntime(runtime, uid);
      return {
        record,
        runtime: own,
        agentEndpoint: endpoint,
        ...folders,
        cgroupParent: groupOf(record),
        cgroup: cgroups.version,
        bootId: `${record.id}-${enclosure.init.startTicks}`,
        ended: enclosure.ended,
        stop: () => fabric.hideAgent(record.address, endpoint),
        async terminate() {
          await fabric.hideAgent(record.address, endpoint);
          for (const { id } of await own.listSandboxes()) {
            await own.stopSandbox(id);
            await own.removeSandbox(id);
          }
          await remove(record);
        },
      };
    },
    remove,
    supplies: () => (running ? [running.supply] : []),
    async close() {
      const last = await starting?.catch(() => undefined);
      if (last === undefined) return;
      last.containerd.release();
      await last.runtime.close();
      await last.enclosure.end();
      await unmountAll(directory);
    },
  };
}

async function startEngine(parts: FargatePoolParts, addresses: string): Promise<Engine> {
  const { environment, directory, cgroups } = parts;
  const volumes = join(directory, 'kubelet');
  const programs = join(directory, 'cni-programs');
  const cgroup = `${parts.cgroupParent}/fargate-pool`;
  await mkdir(volumes, { recursive: true });
  await shareMounts(volumes);
  await makeFargatePrograms(programs, parts.cniPrograms, addresses);
  await makeCgroup(cgroups, cgroup);
  const enclosure = await openEnclosure({
    directory,
    nameServer: parts.plan.nameServer,
    hostName: 'fargate',
    initProgram: parts.initProgram,
    ownNetwork: false,
    cgroups,
    cgroup,
  });
  const containerd = await startContainerd(environment, {
    directory,
    socket: join(parts.socketDirectory, 'fargate.sock'),
    enclosure,
    cgroups,
    cgroup,
    streamAddress: '127.0.0.1',
    cniPrograms: programs,
    cniNetwork: fargateNetwork(),
    registries: parts.registries,
  });
  const supply = await parts.images.supply(containerd, join(directory, 'images.json'));
  return { enclosure, containerd, supply, runtime: createCriRuntime(environment, { socket: containerd.socket }) };
}
