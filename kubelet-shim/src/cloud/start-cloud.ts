import type { Cloud, CloudDependencies, CloudOptions } from './options.ts';

/** Starts the machines, networks and Services under a cluster's nodes, and keeps them as its node groups and profiles ask. */
export async function startCloud(dependencies: CloudDependencies, options: CloudOptions): Promise<Cloud> {
  throw new Error(`the machines of ${options.clusterName} are not in this commit yet: ${String(dependencies.clock)}`);
}

/** Ends every machine of the cluster and removes whatever it left on the host: processes, mounts, cgroups, links, rules. */
export async function removeMachines(options: {
  readonly clusterName: string;
  readonly dataDirectory: string;
}): Promise<void> {
  throw new Error(`the machines of ${options.clusterName} are not in this commit yet`);
}
