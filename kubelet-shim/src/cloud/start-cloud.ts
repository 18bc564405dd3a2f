import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@coracle/apimachinery/component';
import { Nodes } from '@coracle/apimachinery/resources';
import type { Node } from '@coracle/apimachinery/types/core-v1';
import { createEventRecorder } from '@coracle/client/events';
import { createInformers } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createNodeGroupController } from '../machines/ec2/node-group-controller.ts';
import { createFargateScheduler } from '../machines/fargate/fargate-scheduler.ts';
import { fargateSchedulerName } from '../machines/fargate/profiles.ts';
import { createHollowPlatform } from '../machines/hollow/hollow-platform.ts';
import type { MachinePlatform } from '../machines/machine.ts';
import { type MachineStore, openMachineStore } from '../machines/machine-store.ts';
import { providerIdOf } from '../machines/node-facts.ts';
import { createNodeRunner } from '../machines/node-runner.ts';
import { installCustomResources } from './install.ts';
import { createLoadBalancerController } from './load-balancers.ts';
import type { Cloud, CloudDependencies, CloudOptions } from './options.ts';
import { whenGroupsReady } from './ready.ts';

/** Who the cloud is to the API server: the machines' owner. */
const identity = { username: 'system:coracle:cloud', groups: ['system:masters'] };

/**
 * Starts the machines, networks and Services under a cluster's nodes, and keeps them as its node groups and profiles ask.
 * The API server must answer; it may be empty. What `stop` does is this list from the bottom up.
 */
export async function startCloud(dependencies: CloudDependencies, options: CloudOptions): Promise<Cloud> {
  const { clock, random, log } = dependencies;
  const environment: Environment = { clock, random, log: log.with({ component: 'cloud' }) };
  const { client } = dependencies.connect(identity);
  await using stack = new AsyncDisposableStack();
  const stopping = new AbortController();

  await installCustomResources(client, stopping.signal);
  const platform = await openPlatform(dependencies, options);
  stack.defer(() => platform.close());
  const store = await openMachineStore(machinesDirectory(options));
  const runner = createNodeRunner({
    dependencies,
    options,
    platform,
    store,
    client,
    onDeath: (record) => (record.pool.kind === 'ec2' ? groups : fargate).machineDied(record),
  });
  stack.defer(() => runner.stop());

  const informers = createInformers({ client, environment });
  const recorder = (component: string) => {
    const events = createEventRecorder({ client, environment }, { component });
    stack.defer(() => events.stop());
    return events;
  };
  const shared = { environment, client, informers, store, runner, options };
  const groups = createNodeGroupController({ ...shared, events: recorder('coracle-cloud') });
  const fargate = createFargateScheduler({ ...shared, events: recorder(fargateSchedulerName) });
  const balancers = createLoadBalancerController({
    ...shared,
    events: recorder('service-controller'),
    addresses: options.network.loadBalancers,
  });
  await informers.start();
  stack.defer(() => informers.stop());
  await deleteLostNodes(client, informers.for(Nodes).lister.list(), store);
  for (const controller of [groups, fargate, balancers]) {
    controller.run();
    stack.defer(() => controller.stop());
  }

  const running = stack.move();
  let stopped: Promise<void> | undefined;
  return {
    ready: (timeoutMs) =>
      whenGroupsReady({ client, environment, signal: stopping.signal, resumed: groups.resumed }, timeoutMs),
    importImage: (archive) => platform.importImage(archive),
    stop() {
      stopping.abort(new Error('the cloud is being stopped'));
      stopped ??= running.disposeAsync();
      return stopped;
    },
  };
}

/** Nodes of machines that are no more, as the cloud's node life-cycle controller does: their names may be given anew. */
async function deleteLostNodes(client: Client, nodes: readonly Node[], store: MachineStore): Promise<void> {
  const isLost = ({ metadata, spec }: Node): boolean => {
    const record = store.get(metadata?.name ?? '');
    return (spec?.providerID?.startsWith('aws:///') ?? false) && spec?.providerID !== (record && providerIdOf(record));
  };
  await Promise.all(nodes.filter(isLost).map(({ metadata }) => client.delete(Nodes, { name: metadata?.name ?? '' })));
}

/** One JSON file and one folder a machine. */
function machinesDirectory({ dataDirectory }: Pick<CloudOptions, 'dataDirectory'>): string {
  return join(dataDirectory, 'machines');
}

/** Real machines need modules and programs that a hollow cluster never loads. */
async function openPlatform(dependencies: CloudDependencies, options: CloudOptions): Promise<MachinePlatform> {
  const directory = machinesDirectory(options);
  await mkdir(directory, { recursive: true });
  if (options.runtime === 'hollow') return createHollowPlatform(dependencies, directory, options.hollow);
  const { openRealMachines } = await import('./real-machines.ts');
  return openRealMachines(dependencies, options, directory);
}

/** Ends every machine of the cluster and removes whatever it left on the host: processes, mounts, cgroups, links, rules. */
export async function removeMachines(options: Pick<CloudOptions, 'clusterName' | 'dataDirectory'>): Promise<void> {
  const { removeRealMachines } = await import('./real-machines.ts');
  await removeRealMachines(options, machinesDirectory(options));
}
