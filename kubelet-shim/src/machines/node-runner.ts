import type { Environment, Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { Nodes } from '@coracle/apimachinery/resources';
import type { Client } from '@coracle/client/rest';
import type { CloudDependencies, CloudOptions } from '../cloud/options.ts';
import { kubeletPort } from '../network/index.ts';
import { startNodeAgent } from '../node-agent.ts';
import type { ServingOptions } from '../node/options.ts';
import type { Machine, MachinePlatform, MachineRecord } from './machine.ts';
import type { MachineStore } from './machine-store.ts';
import { type NodeFacts, nodeFacts } from './node-facts.ts';

/** Runs machines together with the agents of their nodes. */
export interface NodeRunner {
  /** Starts the machine, or takes it over, and its agent. Resolves once the node is registered. */
  start(record: MachineRecord): Promise<void>;
  isRunning(name: string): boolean;
  /** Ends agent and machine, removes what it left, its node and its record. */
  terminate(record: MachineRecord): Promise<void>;
  /** Ends agents and machines and keeps everything they have. */
  stop(): Promise<void>;
}

export interface NodeRunnerParts {
  readonly dependencies: CloudDependencies;
  readonly options: CloudOptions;
  readonly platform: MachinePlatform;
  readonly store: MachineStore;
  readonly client: Client;
  /** Told when a machine ended by itself; its agent is stopped by then. */
  readonly onDeath: (record: MachineRecord) => void;
}

interface RunningNode {
  readonly machine: Machine;
  readonly agent: Running;
}

const servingCertificateDays = 365;

export function createNodeRunner(parts: NodeRunnerParts): NodeRunner {
  const { dependencies, platform, store, client } = parts;
  const nodes = new Map<string, RunningNode>();

  const halt = async (name: string, how: 'stop' | 'terminate'): Promise<boolean> => {
    const node = nodes.get(name);
    nodes.delete(name);
    if (node === undefined) return false;
    await node.agent.stop();
    await node.machine[how]();
    return true;
  };

  const watchOver = async (machine: Machine): Promise<void> => {
    await machine.ended;
    if (nodes.get(machine.record.name)?.machine !== machine) return;
    dependencies.log.warn('machine ended by itself', { machine: machine.record.name });
    parts.onDeath(machine.record);
  };

  return {
    isRunning: (name) => nodes.has(name),
    async start(record) {
      if (nodes.has(record.name)) return;
      const machine = await platform.start(record);
      try {
        const agent = await startAgent(parts, machine);
        nodes.set(record.name, { machine, agent });
      } catch (error) {
        await machine.stop();
        throw error;
      }
      void watchOver(machine);
    },
    async terminate(record) {
      if (!(await halt(record.name, 'terminate'))) await platform.remove(record);
      await deleteNode(client, record.name);
      await store.remove(record.name);
    },
    async stop() {
      await Promise.all([...nodes.keys()].map((name) => halt(name, 'stop')));
    },
  };
}

async function startAgent({ dependencies, options }: NodeRunnerParts, machine: Machine): Promise<Running> {
  const { record } = machine;
  const identity = { username: `system:node:${record.name}`, groups: ['system:nodes'] };
  const environment: Environment = { ...dependencies, log: dependencies.log.with({ node: record.name }) };
  const facts = nodeFacts(record, options);
  const serving = await servingOptions(dependencies, options, machine, facts);
  return startNodeAgent(
    { clock: environment.clock, random: environment.random, log: environment.log, ...dependencies.connect(identity) },
    {
      ...facts,
      nodeName: record.name,
      kubeletVersion: options.kubeletVersion ?? defaultKubeletVersion,
      runtime: machine.runtime,
      rootDirectory: machine.rootDirectory,
      logsDirectory: machine.logsDirectory,
      cgroupParent: machine.cgroupParent,
      cgroup: machine.cgroup,
      dns: {
        servers: [options.clusterDnsAddress],
        searches: [],
        nodeServers: [options.network.nameServer],
        clusterDomain: options.clusterDomain,
      },
      systemInfo: { machineID: record.id, systemUUID: record.id, bootID: machine.bootId },
      ...(serving && { serving }),
    },
  );
}

const defaultKubeletVersion = 'v1.37.2';

async function servingOptions(
  dependencies: CloudDependencies,
  options: CloudOptions,
  { record, agentEndpoint }: Machine,
  facts: NodeFacts,
): Promise<ServingOptions | undefined> {
  if (agentEndpoint === undefined) return undefined;
  const pair = await dependencies.issue({
    commonName: `system:node:${record.name}`,
    organizations: ['system:nodes'],
    names: facts.addresses.map(({ address }) => address),
    usages: ['server'],
    days: servingCertificateDays,
  });
  return { ...agentEndpoint, ...pair, advertisedPort: kubeletPort, clientCa: options.clientCa };
}

async function deleteNode(client: Client, name: string): Promise<void> {
  try {
    await client.delete(Nodes, { name });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
