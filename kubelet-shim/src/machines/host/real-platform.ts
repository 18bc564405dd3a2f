import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { type Fabric, type NetworkPlan, parseRange } from '../../network/index.ts';
import type { ServiceProxy } from '../../proxy/index.ts';
import { createCriRuntime } from '../../runtime/cri-grpc/index.ts';
import type { FargatePool } from '../fargate/pool.ts';
import type { Machine, MachinePlatform, MachineRecord } from '../machine.ts';
import { type CgroupHost, limitCgroup, makeCgroup, removeCgroup } from './cgroups.ts';
import { podNetwork } from './cni.ts';
import { startContainerd } from './containerd.ts';
import { openEnclosure } from './enclosure.ts';
import type { ImageFolder, ImageSupply } from './image-folder.ts';
import { shareMounts, unmountAll } from './mounts.ts';

/** What the machines of this host share. */
export interface RealPlatformParts {
  readonly environment: Environment;
  /** The group of all machines: each has one inside, in which its agent makes those of its pods. */
  readonly cgroup: string;
  /** Short, as paths of sockets are limited to 107 bytes. */
  readonly socketDirectory: string;
  /** Each machine has a folder in it. */
  readonly directory: string;
  readonly plan: NetworkPlan;
  readonly fabric: Fabric;
  readonly proxy: ServiceProxy;
  readonly cgroups: CgroupHost;
  readonly images: ImageFolder;
  readonly initProgram: string;
  readonly cniPrograms: string;
  readonly registries: string;
  readonly fargate: FargatePool;
}

/** Agents listen at the gateway, each on this port plus the slot of its machine. */
const agentPortBase = 10_300;

/** Machines made of namespaces, control groups and containerd on this host. */
export function createRealPlatform(parts: RealPlatformParts): MachinePlatform {
  const supplies = new Set<ImageSupply>();
  return {
    start: (record) =>
      record.pool.kind === 'ec2' ? startInstance(parts, record, supplies) : parts.fargate.start(record),
    async remove(record) {
      if (record.pool.kind === 'fargate') return parts.fargate.remove(record);
      await removeInstance(parts, record);
    },
    async importImage(archive) {
      const names = await Promise.all([...supplies, ...parts.fargate.supplies()].map((supply) => supply.add(archive)));
      return [...new Set(names.flat())];
    },
    async close() {
      await parts.fargate.close();
      await removeCgroup(parts.cgroups, parts.cgroup, parts.environment.clock);
    },
  };
}

async function startInstance(
  parts: RealPlatformParts,
  record: MachineRecord,
  supplies: Set<ImageSupply>,
): Promise<Machine> {
  const { environment, cgroups, fabric, proxy, plan } = parts;
  const directory = join(parts.directory, record.name);
  const folders = { rootDirectory: join(directory, 'kubelet'), logsDirectory: join(directory, 'pods') };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  await shareMounts(folders.rootDirectory);
  const cgroup = `${parts.cgroup}/${record.name}`;
  await makeCgroup(cgroups, `${cgroup}/system`);
  await limitCgroup(cgroups, cgroup, { cpuMillis: record.cpuMillis, memoryBytes: record.memoryMiB * 2 ** 20 });
  const enclosure = await openEnclosure({
    directory,
    nameServer: plan.nameServer,
    hostName: record.name,
    initProgram: parts.initProgram,
    ownNetwork: true,
    cgroups,
    cgroup: `${cgroup}/system`,
  });
  const pods = record.pool.kind === 'ec2' ? parseRange(record.pool.podCidr) : undefined;
  await fabric.connect(
    { slot: record.slot, pid: enclosure.init.pid, address: record.address, pods },
    enclosure.adopted,
  );
  const detach = await proxy.attach({
    nodeName: record.name,
    zone: record.zone,
    address: record.address,
    enterNetwork: enclosure.enterNetwork,
    agent: agentEndpoint(plan, record),
  });
  const containerd = await startContainerd(environment, {
    directory,
    socket: join(parts.socketDirectory, `${record.slot}.sock`),
    enclosure,
    cgroups,
    cgroup: `${cgroup}/system`,
    streamAddress: record.address,
    cniPrograms: parts.cniPrograms,
    cniNetwork: podNetwork(record, join(directory, 'ipam')),
    registries: parts.registries,
  });
  const supply = await parts.images.supply(containerd, join(directory, 'images.json'));
  supplies.add(supply);
  await fabric.exposeAgent(record.address, agentEndpoint(plan, record));
  const runtime = createCriRuntime(environment, { socket: containerd.socket });

  const stop = async (): Promise<void> => {
    supplies.delete(supply);
    detach();
    containerd.release();
    await runtime.close();
    await enclosure.end();
    await fabric.hideAgent(record.address, agentEndpoint(plan, record));
    await unmountAll(directory);
    await removeCgroup(cgroups, cgroup, environment.clock);
  };
  return {
    record,
    runtime,
    agentEndpoint: agentEndpoint(plan, record),
    ...folders,
    cgroupParent: cgroup,
    cgroup: cgroups.version,
    bootId: `${record.id}-${enclosure.init.startTicks}`,
    ended: enclosure.ended,
    stop,
    async terminate() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function agentEndpoint(
  plan: NetworkPlan,
  record: MachineRecord,
): { readonly host: string; readonly port: number } {
  return { host: plan.gateway, port: agentPortBase + record.slot };
}

async function removeInstance(parts: RealPlatformParts, record: MachineRecord): Promise<void> {
  const directory = join(parts.directory, record.name);
  await unmountAll(directory);
  await removeCgroup(parts.cgroups, `${parts.cgroup}/${record.name}`, parts.environment.clock);
  await rm(directory, { recursive: true, force: true });
}
