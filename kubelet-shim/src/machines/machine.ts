import type { Taint } from '@coracle/apimachinery/types/core-v1';
import type { ContainerRuntime } from '../runtime/cri.ts';

/**
 * A machine as the cloud remembers it, from the moment it is asked for until it is gone. Kept on disk, so that a process
 * that starts again finds its machines, and their addresses and disks, as they were.
 */
export interface MachineRecord {
  /** Name of the node, `ip-10-0-0-4.us-east-1.compute.internal`: unique in the cluster. */
  readonly name: string;
  /** `i-0123456789abcdef0` */
  readonly id: string;
  /** Smallest number that no other machine had when this one was made: names links and picks ports and pod ranges. */
  readonly slot: number;
  readonly zone: string;
  readonly address: string;
  readonly cpuMillis: number;
  readonly memoryMiB: number;
  readonly pool: Ec2Membership | FargateMembership;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Ec2Membership {
  readonly kind: 'ec2';
  readonly nodeGroup: string;
  readonly instanceType: string;
  /** `10.244.1.0/24` */
  readonly podCidr: string;
  readonly capacityType: 'ON_DEMAND' | 'SPOT';
  readonly diskSizeGiB: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

export interface FargateMembership {
  readonly kind: 'fargate';
  readonly profile: string;
  /** The only pod it will ever run. */
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/** A machine that runs: what its node agent works with. */
export interface Machine {
  readonly record: MachineRecord;
  readonly runtime: ContainerRuntime;
  /** Addresses that the node reports, and where its agent listens for the node's port 10250; absent: nowhere. */
  readonly agentEndpoint?: { readonly host: string; readonly port: number };
  /** The agent's folders. */
  readonly rootDirectory: string;
  readonly logsDirectory: string;
  readonly cgroupParent: string;
  readonly cgroup: 'v1' | 'v2';
  /** Changes when the machine was started anew, as a reboot does. */
  readonly bootId: string;
  /** Resolves when it ends without having been told to. */
  readonly ended: Promise<void>;
  /** Powers it off; its disk stays. */
  stop(): Promise<void>;
  /** Powers it off and removes everything it left. */
  terminate(): Promise<void>;
}

/** What makes machines: real ones on this host, or hollow ones. */
export interface MachinePlatform {
  /** Starts the machine, or takes it over where it still runs. */
  start(record: MachineRecord): Promise<Machine>;
  /** Removes what a machine left that this process never started: its disk, groups, links. */
  remove(record: MachineRecord): Promise<void>;
  /** Imports an archive into every machine; resolves to the names in it. */
  importImage(archive: string): Promise<readonly string[]>;
  /** Frees what the machines share. All machines are stopped or released by then. */
  close(): Promise<void>;
}
