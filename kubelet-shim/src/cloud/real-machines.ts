import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import { createInformers } from '@coracle/client/informer';
import { createFargatePool } from '../machines/fargate/pool.ts';
import { cgroupProcesses, findCgroups, makeCgroup, removeCgroup } from '../machines/host/cgroups.ts';
import { findCniPrograms } from '../machines/host/cni.ts';
import { openImageFolder } from '../machines/host/image-folder.ts';
import { initProgram } from '../machines/host/init-program.ts';
import { unmountAll } from '../machines/host/mounts.ts';
import { identifyProcess, killProcess } from '../machines/host/processes.ts';
import { loopbackPorts, writeRegistryMirrors } from '../machines/host/registry-mirrors.ts';
import { agentEndpoint, createRealPlatform } from '../machines/host/real-platform.ts';
import type { MachinePlatform } from '../machines/machine.ts';
import { startNameServer } from '../network/dns/index.ts';
import { closeFabric, isLoopback, type NetworkPlan, openFabric, readPlan, releasePlan } from '../network/index.ts';
import { startServiceProxy } from '../proxy/index.ts';
import { installNameServer } from './install.ts';
import type { CloudDependencies, CloudOptions } from './options.ts';

/** Reads Services, endpoints and namespaces, and writes the name server's endpoint. */
const identity = { username: 'system:coracle:network', groups: ['system:masters'] };

/** Network, name server, Services and the platform on top of them, for machines that really run on this host. */
export async function openRealMachines(
  dependencies: CloudDependencies,
  options: CloudOptions,
  directory: string,
): Promise<MachinePlatform> {
  const { clock, random, log } = dependencies;
  const environment: Environment = { clock, random, log: log.with({ component: 'machines' }) };
  const { network: plan, dataDirectory, clusterName } = options;
  await using stack = new AsyncDisposableStack();
  const [cgroups, cniPrograms] = await Promise.all([findCgroups(), findCniPrograms()]);
  const program = join(dataDirectory, 'init');
  await writeProgram(program);
  const cgroup = clusterCgroup(plan, clusterName);
  await makeCgroup(cgroups, cgroup);

  const fabric = await openFabric(plan, forwardedPorts(options));
  stack.defer(() => fabric.close());
  const { client } = dependencies.connect(identity);
  const informers = createInformers({ client, environment });
  const nameServer = await startNameServer(environment, informers, {
    address: plan.nameServer,
    clusterDomain: options.clusterDomain,
  });
  stack.defer(() => nameServer.stop());
  const proxy = startServiceProxy(environment, informers, options);
  stack.defer(() => proxy.stop());
  await informers.start();
  stack.defer(() => informers.stop());
  await installNameServer(client, plan.nameServer);
  await proxy.attach({ nodeName: '', zone: '', address: plan.gateway, enterNetwork: [] });

  const images = await openImageFolder(
    join(dataDirectory, 'own-images'),
    options.imagesDirectory ?? join(dataDirectory, 'images'),
  );
  const registries = join(dataDirectory, 'registries');
  await writeRegistryMirrors(registries, options.registryMirrors ?? [], plan.gateway);
  const shared = {
    environment,
    plan,
    fabric,
    cgroups,
    images,
    cniPrograms,
    initProgram: program,
    socketDirectory: socketDirectory(plan),
    registries,
  };
  const fargate = createFargatePool({
    ...shared,
    directory: fargateDirectory(dataDirectory),
    cgroupParent: cgroup,
    agentEndpoint: (record) => agentEndpoint(plan, record),
  });
  const platform = createRealPlatform({ ...shared, cgroup, directory, proxy, fargate });
  const opened = stack.move();
  return {
    ...platform,
    async close() {
      await platform.close();
      await opened.disposeAsync();
    },
  };
}

function forwardedPorts({ apiServer, registryMirrors = [] }: CloudOptions): readonly number[] {
  return [...new Set([...(isLoopback(apiServer.host) ? [apiServer.port] : []), ...loopbackPorts(registryMirrors)])];
}

/** Named after the network too, which no two clusters of a host share. */
function clusterCgroup({ device }: NetworkPlan, clusterName: string): string {
  return `/${device}-${clusterName}`;
}

function socketDirectory({ device }: NetworkPlan): string {
  return `/run/coracle/${device}`;
}

/** A program that runs already (as the init of a machine of an earlier run) cannot be written to, and need not be. */
async function writeProgram(path: string): Promise<void> {
  const content = initProgram(process.arch === 'arm64' ? 'arm64' : 'x64');
  try {
    await writeFile(path, content, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ETXTBSY') throw error;
  }
}

function fargateDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'fargate');
}

/** Finds everything by the cluster's name and folder, so that it also works where no process looks after it any more. */
export async function removeRealMachines(
  { clusterName, dataDirectory }: Pick<CloudOptions, 'clusterName' | 'dataDirectory'>,
  directory: string,
): Promise<void> {
  const plan = await readPlan(dataDirectory);
  if (plan === undefined) return;
  const cgroups = await findCgroups();
  const cgroup = clusterCgroup(plan, clusterName);
  for (
    let left = await cgroupProcesses(cgroups, cgroup);
    left.length > 0;
    left = await cgroupProcesses(cgroups, cgroup)
  ) {
    await Promise.all(left.map(endProcess));
  }
  await removeCgroup(cgroups, cgroup, systemClock);
  await closeFabric(plan);
  for (const folder of [directory, fargateDirectory(dataDirectory)]) {
    await unmountAll(folder);
    await rm(folder, { recursive: true, force: true });
  }
  await rm(socketDirectory(plan), { recursive: true, force: true });
  await releasePlan(plan);
}

async function endProcess(pid: number): Promise<void> {
  const identity = await identifyProcess(pid);
  if (identity !== undefined) await killProcess(identity);
}
